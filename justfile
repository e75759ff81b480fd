# Commands of the house. `uv run just <name>`.
set windows-shell := ["powershell.exe", "-NoLogo", "-Command"]

# everything CI runs
check: lint test

# linters, types, import contracts, docstrings
lint:
    ruff check .
    ruff format --check .
    mypy
    lint-imports
    interrogate -q schoolwatch collector nlp evidence casework accounts dashboard data tests

# everything but soak, in as many processes as the machine has cores
test:
    pytest -n auto --dist loadfile --no-loadscope-reorder

# kills, tamperings and load in the thousands; writes benchmarks/RESULTS.md
soak:
    pytest tests/soak -m soak -p no:randomly --timeout 3600 -s

# ratios to limits measured in the same run
bench:
    pytest benchmarks --benchmark-only -q -s

# make the weights of the reading again, the parser's first: `just train ../datasets`; the extra `train` must be installed
train DATA:
    python -m nlp.parser_train --data "{{trim_start_match(DATA, "DATA=")}}"
    python -m nlp.train --data "{{trim_start_match(DATA, "DATA=")}}" --corpus nlp/corpus

demo:
    schoolwatch demo

# what a new platform adapter needs
new-platform name:
    @echo "1. collector/platforms/{{name}}.py: one class with the members of collector.platform.Platform"
    @echo "2. a line in PLATFORMS, collector/platforms/__init__.py"
    @echo "3. recorded, invented answers for tests/contracts/test_platforms.py"

# what a new notice needs
new-notice name:
    @echo "1. casework/notices/{{name}}.py: one class with the members of casework.notice.Notice"
    @echo "2. a line in NOTICES, casework/notices/__init__.py"
    @echo "3. tests/contracts/test_notices.py runs over it by itself"

# rewrite the exact versions in pyproject.toml and constraints.txt
lock:
    python docs/lock.py

# write docs/policy.md anew: each clause of the policies with the code and tests that cite it
docs:
    python -m docs.clauses
