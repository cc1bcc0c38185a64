# SPDX-License-Identifier: Apache-2.0
# The commands that stay the same. They need a Python >= 3.11 with pip >= 22.3, git and make; no root.
# `make` alone lists them. Anything not listed here is a detail.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TOOLS := .venv-tools
# Test processes; "auto" is one for each core.
WORKERS ?= auto
# What runs Inspect has processes of its own: Inspect changes asyncio and logging for all that share one with it.
INSPECT := tests/lab tests/cli/test_lab.py tests/docs/test_lab_audit.py tests/bench/test_lab_bench.py \
	tests/cli/test_drift_demo.py tests/cli/test_drift_rota.py
# For `make demo`: --unattended
ARGS ?=
# For `make lock`: --upgrade, or --upgrade-package NAME
LOCK_FLAGS ?=

export PYTHON

# A stamp's name holds the sum of what it was made from: another branch, another stamp.
sum = $(firstword $(shell cat $(1) tools/setup.sh 2>/dev/null | cksum))
CORE := $(VENV)/.core-$(call sum,requirements/core.lock pyproject.toml)
DEV := $(VENV)/.dev-$(call sum,requirements/dev.lock pyproject.toml)
TOOLED := $(TOOLS)/.tools-$(call sum,requirements/tools.lock)

.DEFAULT_GOAL := help
.PHONY: help setup heavy demo lab-demo drift-demo test test-fast check lint types screenshots bench docs format lock build clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z%-]+:.*## / \
	  { sub("%", "NAME", $$1); printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup: $(DEV) ## make .venv from the locks, with all that the tests need

heavy: $(DEV) ## add torch (CPU) to .venv, for the tests that run a network; pip must find PyTorch's CPU wheels
	@tools/setup.sh $(VENV) requirements/heavy.lock

demo: $(CORE) ## the main job on real parts: a gate, a tool server, an agent, and you
	@$(BIN)/gyges demo $(ARGS)

lab-demo: $(DEV) ## the lab on organisms whose truth is known; ends with the HTML report
	@$(BIN)/gyges lab demo $(ARGS)

drift-demo: $(DEV) ## five organisms behind a real gate; drift finds the one that wears the ring, and clears the rest
	@$(BIN)/gyges drift demo $(ARGS)

test: check ## everything a change must pass
	@$(BIN)/pytest --numprocesses $(WORKERS) --dist worksteal $(INSPECT)
	@$(BIN)/pytest --numprocesses $(WORKERS) --dist worksteal $(addprefix --ignore=,$(INSPECT))

test-fast: $(DEV) ## what to run while working: lint, and the tests that are not slow
	@$(BIN)/ruff check --quiet
	@HYPOTHESIS_PROFILE=quick $(BIN)/pytest --numprocesses $(WORKERS) --dist worksteal -m "not slow" $(INSPECT)
	@HYPOTHESIS_PROFILE=quick $(BIN)/pytest --numprocesses $(WORKERS) --dist worksteal -m "not slow" $(addprefix --ignore=,$(INSPECT))

check: lint types

lint: $(DEV) ## ruff: rules and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(DEV) ## mypy and pyright, both strict on src
	$(BIN)/mypy src
	$(BIN)/pyright

screenshots: $(DEV) ## pictures of the pages, from the running demo, into docs/screenshots; needs Chromium
	@$(BIN)/python -m tools.screenshots

bench: $(DEV) ## all measurements, side by side
	@$(BIN)/python -m bench.run $(ARGS)

bench-%: $(DEV) ## one of them; results go to bench/results/NAME.json
	@$(BIN)/python -m bench.run $* $(ARGS)

docs: $(TOOLED) ## build the documentation into build/site, every link checked
	$(TOOLS)/bin/mkdocs build --strict --site-dir build/site

format: $(DEV) ## let ruff mend what it can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock: $(TOOLED) ## write requirements/*.lock anew from pyproject.toml
	tools/lock.sh $(TOOLS)/bin/uv $(LOCK_FLAGS)

build: $(TOOLED) ## a wheel and a source archive in dist/
	$(TOOLS)/bin/uv build --no-config --out-dir dist

clean: ## remove what builds and tests leave behind; the environments stay
	rm -rf build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find src tests bench tools -name __pycache__ -type d -prune -exec rm -rf {} +

# What the demo needs is part of what the tests need, with the same pins: one environment serves both.
$(CORE):
	@tools/setup.sh $(VENV) requirements/core.lock project
	@rm -f $(VENV)/.core-* && touch $@

$(DEV):
	@tools/setup.sh $(VENV) requirements/dev.lock project
	@rm -f $(VENV)/.core-* $(VENV)/.dev-* && touch $(CORE) $@

$(TOOLED):
	@tools/setup.sh $(TOOLS) requirements/tools.lock
	@rm -f $(TOOLS)/.tools-* && touch $@
