"""`python -m schoolwatch`."""

from schoolwatch.cli import main

if __name__ == "__main__":
    main()
