# Every task of this repository; `make help` lists them.
# Nothing has to be installed by hand: the first task makes `.venv` and puts everything there.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# One more than CI has cores: many tests wait for a server, a lease or a process.
WORKERS ?= 3
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: servers help demo test check quick fix docs spec accept bench bench-functions torture test-all wheel clean

help: ## List the tasks
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | while IFS=$$'\t' read -r name text; do printf '  make %-15s %s\n' "$$name" "$$text"; done

demo: $(STAMP) ## Check and run an example, and show what became of its rows
	@$(BIN)/python examples/demo.py

servers: ## Install what the tests talk to (Debian packages; as root)
	@tests/servers/install.sh

# Packages come while the types are looked at: the one waits for a network, the other for a processor.
test: $(STAMP) ## Everything that CI asks for: style, types, layers, tests
	@tests/servers/install.sh & servers=$$!; \
	trap 'wait $$servers || true' EXIT; \
	set -x; \
	$(BIN)/ruff format --check datahub tests; \
	$(BIN)/ruff check datahub tests; \
	$(BIN)/mypy; \
	$(BIN)/lint-imports
	@tests/servers/install.sh
	$(BIN)/pytest -n $(WORKERS) -m "not bench"

check: test ## The same as `make test`

quick: $(STAMP) servers ## The tests that take no time
	$(BIN)/pytest -n $(WORKERS) -q -m "not slow and not bench"

fix: $(STAMP) ## Format, and mend what can be mended
	$(BIN)/ruff format datahub tests
	$(BIN)/ruff check --fix datahub tests

docs: $(STAMP) ## Write the reference again, from what the code declares and the specification's cases
	$(BIN)/python -m datahub.cli.reference .
	$(BIN)/python -m tests.peers.page .
	$(BIN)/python -m tests.peers.others .

spec: $(STAMP) ## The language's specification alone
	$(BIN)/pytest -n $(WORKERS) tests/test_spec.py

accept: $(STAMP) ## Write what the specification's cases give into them; the diff is what to review
	DHM_ACCEPT=1 $(BIN)/pytest -n 0 -q tests/test_spec.py || true
	@git --no-pager diff --stat -- tests/spec

bench: $(STAMP) ## Measure speed against the budgets and the engines of others, into docs/performance.md
	$(BIN)/pytest -n 0 -m bench tests/performance
	$(BIN)/python -m pip install --quiet duckdb polars
	$(BIN)/python -m tests.performance.race
	$(BIN)/python -m tests.performance.bench_rules

bench-functions: $(STAMP) ## Measure every function and operator, into docs/performance-functions.md
	$(BIN)/python -m pip install --quiet duckdb polars
	$(BIN)/python -m tests.performance.bench_functions

torture: $(STAMP) servers ## The long runs, into docs/torture.md: engine and reference, DuckDB, damaged input, kills and soak; DHM_MINUTES and DHM_SEED
	$(BIN)/python -m pip install --quiet --editable '.[fuzz]'
	$(BIN)/python -m tests.torture

test-all: $(STAMP) ## The tests under every newer Python at hand
	@for version in 3.12 3.13; do \
	  found=; \
	  for candidate in python$$version $$HOME/.pyenv/versions/$$version.*/bin/python; do \
	    if "$$candidate" -c 'import ensurepip' 2>/dev/null; then found=$$candidate; break; fi; \
	  done; \
	  if [ -z "$$found" ]; then echo "no Python $$version here: left out"; continue; fi; \
	  $(MAKE) --no-print-directory VENV=.venv-$$version PYTHON=$$found .venv-$$version/.installed; \
	  .venv-$$version/bin/pytest -n $(WORKERS) -m "not bench"; \
	done

wheel: $(STAMP) ## Build the wheel into dist/
	$(BIN)/python -m build --wheel --no-isolation

clean: ## Remove everything that can be made again
	rm -rf .venv .venv-3.* build dist out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Debian keeps the part of Python that makes environments in a package of its own.
$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("DataHub needs Python 3.11 or newer; this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@if ! $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv; \
	  else \
	    echo "Python cannot make environments here; install it with: sudo apt-get install python3-venv" >&2; exit 2; \
	  fi; \
	fi
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	@touch $@
