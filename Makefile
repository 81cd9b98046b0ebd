# make demo   sets everything up and runs the main job: three reports under demo/
# make test   sets everything up and passes every check and test
# make check  format, lint, types, import contracts, size limits, spelling
# make mutate puts one fault at a time into the code: a test must notice (about 45 minutes on two cores that do nothing else, never part of the tests); SEED=2 PLACES=60 draw another sample
# make matrix kernels, lowest versions, the built wheel, newer Pythons (40 minutes at most)
# make docs   writes the generated pages and builds the documentation site under build/site/html
# make wheel  builds the wheel, documentation included, under dist
# make release-check  bill of materials, licences, versions, before a release leaves
# make bench  timings (never part of the tests); a cluster of Spark: python benchmarks/growth/spark_cluster.py
# make kernels the statistics under every matrix kernel the processor runs
# make lock   resolve the locked versions anew

SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
# The sample of make mutate.
SEED ?= 6022
PLACES ?= 200
# Processes of make test: one more than the two processors it is measured on, since tests wait for browsers, servers and databases.
WORKERS ?= 3
BIN := $(VENV)/bin
UV := $(BIN)/uv
INSTALL := $(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes
export PYTHONHASHSEED := 0
# Two thirds of the time in which tests are collected go into compiling them: that is kept for the next run.
unexport PYTHONDONTWRITEBYTECODE

# The lock of tests that run in other environments: the tools that need neither a browser nor a Java machine.
MATRIX_TOOLS := hypothesis|markdown-it-py|openpyxl|pytest|pytest-cov|pytest-randomly|pytest-xdist
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

.PHONY: help demo test check style types kernels matrix mutate bench lock docs wheel release-check clean system
help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

$(VENV)/.uv: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit("funis needs Python 3.11 or newer; $(PYTHON) is %d.%d" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

$(VENV)/.core: $(VENV)/.uv requirements/core.txt pyproject.toml
	$(INSTALL) -r requirements/core.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q src
	@touch $@

$(VENV)/.all: $(VENV)/.core requirements/all.txt
	$(INSTALL) -r requirements/all.txt
	@touch $@

# Programs the tests drive that no Python package brings: Chromium, a Java virtual machine, PostgreSQL.
system:
	@bash scripts/system-packages.sh

demo: $(VENV)/.core
	$(BIN)/funis demo --out demo

check: style types

style: $(VENV)/.all
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/codespell

types: $(VENV)/.all
	$(BIN)/mypy

# By files: what the tests of a file share is made in one process only; tests/conftest.py says which start first.
# Types are checked meanwhile and told after the tests; what either finds fails the whole.
test:
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target system $(VENV)/.all
	@$(MAKE) --no-print-directory style
	@mkdir -p build
	@$(MAKE) --no-print-directory types >build/types.txt 2>&1 & types=$$!; \
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder; tests=$$?; \
	wait $$types; typed=$$?; cat build/types.txt; \
	test $$tests -eq 0 -a $$typed -eq 0

mutate: $(VENV)/.all
	$(BIN)/python scripts/mutate.py --seed $(SEED) --places $(PLACES)

kernels: $(VENV)/.all
	FUNIS_KERNELS=all $(BIN)/python -m pytest tests/kernels

matrix: $(VENV)/.all
	$(BIN)/python scripts/run_matrix.py

bench: $(VENV)/.all
	$(BIN)/python benchmarks/run.py

docs: $(VENV)/.all
	$(BIN)/python docs/build_reference.py
	$(BIN)/python docs/site/build_site.py

wheel: docs
	$(UV) build --wheel --no-build-isolation --python $(BIN)/python --out-dir dist .

$(VENV)/.release: $(VENV)/.all requirements/release.txt
	$(INSTALL) -r requirements/release.txt
	@touch $@

release-check: $(VENV)/.release
	$(BIN)/python scripts/check_release.py

lock: $(VENV)/.uv
	$(COMPILE) pyproject.toml --all-extras --group test --group check --group build --group docs --output-file requirements/all.txt
	$(COMPILE) pyproject.toml --group pyproject.toml:core-build --constraint requirements/all.txt --output-file requirements/core.txt
	$(COMPILE) --group pyproject.toml:release --constraint requirements/all.txt --output-file requirements/release.txt
	grep -E '^($(MATRIX_TOOLS))==' requirements/all.txt | cut -d' ' -f1 > requirements/.tools.in
	$(COMPILE) pyproject.toml requirements/.tools.in --extra fast --extra frames --constraint requirements/all.txt --output-file requirements/matrix.txt
	$(COMPILE) pyproject.toml requirements/.tools.in --extra fast --extra frames --resolution lowest-direct --output-file requirements/lowest.txt
	grep -E '^uv==' requirements/all.txt | cut -d' ' -f1 > requirements/.uv.in
	$(COMPILE) requirements/.uv.in --output-file requirements/uv.txt
	rm requirements/.uv.in requirements/.tools.in

clean:
	rm -rf $(VENV) demo build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
