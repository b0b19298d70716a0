# Everything a newcomer needs: `make demo`, `make test`. No step comes before them; only python3 (3.11+), git and make do.
# Keep to what GNU Make 3.81 knows: macOS has no newer one.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := $(wildcard bot tests tools)

# A uv on the PATH is used; without one, a pinned uv goes into the virtual environment.
UV := $(shell uv --version >/dev/null 2>&1 && command -v uv || echo $(BIN)/uv)
PIP := $(UV) pip install --quiet --python $(BIN)/python

# Compiled files make the second start fast; some machines switch them off.
unexport PYTHONDONTWRITEBYTECODE
# Another active environment, or a project setting of the caller's, is none of our business.
unexport VIRTUAL_ENV
unexport PYTHONPATH
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

PYTEST := $(BIN)/python -m pytest --numprocesses auto --dist worksteal
LOCK := $(UV) export --quiet --frozen --no-header --no-emit-project

.PHONY: help install dev demo test check lint check-long coverage bench bench-growth bench-peers generate pictures dist lock clean
.DEFAULT_GOAL := help

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' Makefile

install: $(VENV)/.runtime  ## .venv/bin/ruleward with the locked runtime dependencies
	@echo "ruleward is $(BIN)/ruleward"

dev: $(VENV)/.dev  ## the same, with everything the checks and tests need

demo: $(VENV)/.runtime  ## the action on a pull request made for show; with REPO=../my-rules BRANCH=tune on that of your own, with LABEL="waive: …" too
	$(if $(REPO),,$(if $(LABEL)$(filter command,$(origin BRANCH)),$(error BRANCH and LABEL are for a repository of your own: name it with REPO)))
	@$(BIN)/python -m $(if $(REPO),tools.demo_own "$(REPO)" "$(or $(BRANCH),HEAD)" "$(LABEL)",tools.demo)

test: $(VENV)/.dev  ## the tests
	@$(PYTEST)

check: lint test  ## what a pull request has to pass: the linters, then the tests

lint: $(VENV)/.dev
	@echo "ruff check" && $(BIN)/ruff check --quiet .
	@echo "ruff format" && $(BIN)/ruff format --quiet --check .
	@echo "mypy" && $(BIN)/mypy --no-error-summary $(SOURCES)
	@echo "pyright" && $(BIN)/pyright
	@echo "lint-imports" && report=$$($(BIN)/lint-imports --no-logo) || { echo "$$report"; exit 1; }
	@echo "typos" && $(BIN)/typos --quiet *.md docs bot tests tools .github rules rules_building_block action.yml Makefile pyproject.toml
	@echo "zizmor" && $(BIN)/zizmor --quiet --offline --pedantic .
	@echo "actionlint" && $(BIN)/actionlint -shellcheck= -pyflakes=
	@if [ -f tools/generate.py ]; then echo "generated files" && $(BIN)/python -m tools.generate --check; fi

check-long: $(VENV)/.dev  ## the tests that take minutes
	@$(PYTEST) -m long

coverage: $(VENV)/.dev  ## the tests, with the branches they leave out
	@$(PYTEST) --cov

bench: $(VENV)/.dev  ## how fast a review, an audit and a replay are, beside the floor
	@$(BIN)/python -m tools.bench

bench-growth: $(VENV)/.dev  ## how the cost grows with the change and with the tree; takes half an hour
	@$(BIN)/python -m tools.bench --growth

bench-peers: $(VENV)/.dev  ## what other tools take for as many rules; installs them from PyPI into a temporary folder
	@$(BIN)/python -m tools.peers

generate: $(VENV)/.dev  ## rewrites the files that are made from the code
	@$(BIN)/python -m tools.generate

pictures: $(VENV)/.dev  ## takes the README's pictures anew; needs Chromium
	@$(BIN)/python -m tools.pictures

dist: $(VENV)/.dev  ## builds wheel and sdist, checks what is in them, installs and tries the wheel
	@$(BIN)/python -m tools.dist $(if $(TAG),--tag "$(TAG)")

lock: $(VENV)/.python  ## resolves the newest versions and writes requirements/*.txt
	@$(UV) lock --quiet --upgrade --python $(BIN)/python
	@$(LOCK) --only-group uv --output-file requirements/uv.txt
	@$(LOCK) --only-group build --output-file requirements/build.txt
	@$(LOCK) --no-default-groups --output-file requirements/runtime.txt
	@$(LOCK) --group dev --output-file requirements/dev.txt
	@if grep -n -i 'http\|index-url\|file:' requirements/*.txt; then echo "a lock file must name no host" >&2; exit 1; fi

clean:  ## removes the environment and every cache
	rm -rf $(VENV) build dist .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the environment: each stamp is newer than what it was made from --------------------------------------------------

ifneq ($(shell cat $(VENV)/.python 2>/dev/null),$(PYTHON))
$(VENV)/.python: start-over  # no environment yet, or one made with another Python
endif
.PHONY: start-over

$(VENV)/.python: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Ruleward needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Name another: make PYTHON=python3.13" >&2; exit 1; }
	@if [ "$(UV)" = "$(BIN)/uv" ]; then \
	  $(PYTHON) -m venv --clear $(VENV) && \
	  $(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/uv.txt; \
	else \
	  $(UV) venv --quiet --clear --no-project --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" $(VENV); \
	fi
	@echo "$(PYTHON)" > $@

# --no-build-isolation: the build backend is locked and hashed like the rest.
$(VENV)/.runtime: $(VENV)/.python requirements/build.txt requirements/runtime.txt pyproject.toml
	@$(PIP) --require-hashes --only-binary :all: -r requirements/build.txt -r requirements/runtime.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.txt
	@$(PIP) --require-hashes --only-binary :all: -r requirements/dev.txt
	@touch $@
