"""Read-only facts shipped with the code."""
