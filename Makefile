# Redress. `make demo` shows it, `make test` proves it. Nothing outside .venv is touched, except that the browser test
# asks the system's package manager for Chromium where it is missing and the user may install packages.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
SOURCES := workflows activities workers starter tests deploy
QUICK := tests/golden tests/architecture tests/workflows/time tests/workflows/policy tests/workflows/complaint/rules tests/workflows/complaint/rulebook/test_documents.py

.PHONY: help install demo quick test chaos check bench docs lock clean
.DEFAULT_GOAL := help

help: ## what can be made
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

$(READY): requirements.lock pyproject.toml
	@echo "== setting up .venv from requirements.lock (about a minute, once)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Redress needs Python 3.11 or newer, this is " + sys.version.split()[0])'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
	@touch $@

install: $(READY) ## .venv with everything, leaves .venv/bin/redress

demo: $(READY) ## the guided tour; ARGS=--exit leaves at once when it is over
	@$(BIN)/redress demo $(ARGS)

quick: $(READY) ## what to run while working, a minute: format, lint, types, rules, every story by the rules alone
	@echo "== format, lint, types"; $(BIN)/ruff format --check --quiet $(SOURCES); $(BIN)/ruff check --quiet $(SOURCES); $(BIN)/mypy
	@echo "== tests"; $(BIN)/python -m pytest -n 2 --quiet $(QUICK) $(ARGS)

test: $(READY) ## the test suite, without what takes minutes; ARGS goes to pytest
	@echo "== browser for the web UI test"; deploy/browser.sh
	@echo "== tests"; $(BIN)/python -m pytest -n 2 $(ARGS)

chaos: $(READY) ## what takes minutes: the whole crash matrix, outages under load, races; REDRESS_SEED=n repeats a run
	@echo "== chaos"; $(BIN)/python -m pytest -m chaos --timeout=1800 --durations=0 --durations-min=1 $(ARGS)

check: $(READY) ## format, lint, types, architecture, dead code, dependencies
	@echo "== format"; $(BIN)/ruff format --check --quiet $(SOURCES)
	@echo "== lint"; $(BIN)/ruff check --quiet $(SOURCES)
	@echo "== types"; $(BIN)/mypy
	@echo "== architecture"; $(BIN)/lint-imports --no-logo
	@echo "== dependencies"; $(BIN)/deptry .
	@echo "== dead code"; $(BIN)/vulture
	@echo "check: all well"

bench: $(READY) ## costs and speed beside a bare Temporal workflow, as JSON
	@$(BIN)/python -m tests.benchmarks $(ARGS)

docs: $(READY) ## write the tables that are generated from the rules
	@$(BIN)/python -m tests.docs

lock: ## renew requirements.lock (needs uv)
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --upgrade --quiet -o requirements.lock

clean: ## remove what was made
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
