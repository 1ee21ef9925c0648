# The commands of this project. `make` alone lists them; each makes .venv first where the locks have changed.
PYTHON ?= python3
BIN := .venv/bin
VENV := .venv/.locked
# Two workers: the tests keep both cores of a small machine busy, and more only slow each other down.
PYTEST := $(BIN)/pytest -n 2
SYSTEM_PROGRAMS := tmux memcached chromium
LOCK := $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --no-annotate \
        --universal --python-version 3.11 $(UPGRADE)

.DEFAULT_GOAL := help
.PHONY: help demo test quick check format lint bench chaos pictures lock system clean

help: ## list these commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(VENV): requirements/uv.txt requirements/dev.txt
	PYTHON=$(PYTHON) scripts/bootstrap.sh

demo: $(VENV) ## run the desk on a simulated brokerage (ARGS="--accounts 12")
	$(BIN)/swimdesk demo $(ARGS)

test: $(VENV) system ## run every test, installing the programs they need where missing
	$(PYTEST)

quick: $(VENV) ## lint and the fast tests, in under two minutes: for every edit
	$(BIN)/ruff check
	$(PYTEST) -m "not slow"

check: lint test ## everything that must hold before a change lands

format: $(VENV) ## bring the code into shape
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

lint: $(VENV) ## format, lint, types, import contracts
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: $(VENV) ## measure, print the figures and write docs/benchmarks.md (ARGS=fanout)
	$(BIN)/python -m bench $(ARGS)

chaos: $(VENV) ## run a campaign against the desk and keep what it came to (ARGS="seeds 0 100000", ARGS=--help)
	$(BIN)/python -m tests.chaos $(ARGS)

pictures: $(VENV) ## take the pictures of the README anew, from the simulated brokerage
	$(BIN)/python -m tests.console.readme_pictures

lock: $(VENV) ## renew the locks after a change in pyproject.toml (UPGRADE=--upgrade for newer releases)
	$(LOCK) --group bootstrap --output-file requirements/uv.txt
	$(LOCK) pyproject.toml --output-file requirements/run.txt
	$(LOCK) pyproject.toml --constraint requirements/run.txt --group dev --output-file requirements/dev.txt

system:
	@scripts/system-packages.sh $(SYSTEM_PROGRAMS)

clean: ## remove .venv, caches and what was built
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	find . -name __pycache__ -prune -exec rm -rf {} +
