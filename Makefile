# Everything a newcomer needs: `make run` and `make test`. `make help` lists the rest.
SHELL := /bin/sh
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; exit; }; done)
BIN := .venv/bin
STAMP := .venv/.installed
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help install run test check fix bench coverage lock clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -e 's/:.*## /\t/' | while IFS="$$(printf '\t')" read -r name text; do printf '  make %-9s %s\n' "$$name" "$$text"; done

install: $(STAMP) ## Create .venv and install the locked dependencies

$(STAMP): requirements.lock pyproject.toml
	@[ -n "$(PYTHON)" ] || { echo "Quarterdeck needs Python 3.11 or newer: install it, or name it with 'make PYTHON=/path/to/python3.11 install'." >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Quarterdeck needs Python 3.11 or newer, and $(PYTHON) is older: install one, or name it with 'make PYTHON=/path/to/python3.11 install'." >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot create virtual environments: install its venv package (on Debian and Ubuntu: apt install python3-venv)." >&2; exit 2; }
	@echo "Installing the locked dependencies into .venv (about a minute, once) ..."
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --no-build-isolation --no-deps -e .
	@touch $@

run: install ## Start everything and print where to look (ARGS="--http-port 9090" passes options)
	@exec $(BIN)/quarterdeck up $(ARGS)

test: install ## Run the whole test suite (ARGS="tests/unit -k card" narrows it)
	@$(BIN)/python -m pytest $(ARGS)

check: install ## Lint, types, architecture, and coverage of the fast tests
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest tests/unit tests/architecture -q --cov --cov-report=term

fix: install ## Repair what the linters can repair
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

bench: install ## Measure (prints JSON; every figure stands beside a baseline of the same run)
	@$(BIN)/python -m tests.bench $(ARGS)

coverage: install ## Run every test with coverage and write htmlcov/
	@$(BIN)/python -m pytest --cov --cov-report=term --cov-report=html $(ARGS)

lock: ## Resolve the dependencies again (needs uv)
	@uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet -o requirements.lock

clean: ## Remove what the targets above made (not your data in .quarterdeck)
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .coverage htmlcov
