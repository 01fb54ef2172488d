# Needs Python 3.11+, make and git; everything else comes from the package registries. `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
PYTHON ?= python3
export PYTHON
# Node and npm live in .venv/bin, too: see scripts/link_node.sh.
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Containers often forbid Python to keep compiled modules; the tests start some hundred processes, and each would spend half of
# its start with compiling what the last one compiled.
unexport PYTHONDONTWRITEBYTECODE

PYTHON_CODE := $(wildcard src tests bench examples scripts docs/examples)
WEB_CODE := $(shell find packages examples -type f \( -name '*.ts' -o -name '*.tsx' -o -name '*.css' -o -name '*.html' \
	-o -name '*.svg' -o -name 'package.json' -o -name 'tsconfig.json' \) \
	-not -path 'examples/report/*' -not -path '*/node_modules/*' -not -path '*/dist/*' -not -path '*/static/*' 2>/dev/null) tsconfig.base.json

# ------------------------------------------------------------------------------------------------ environment
PACKAGES := .venv/.packages
EDITABLE := .venv/.editable
NODE_MODULES := node_modules/.package-lock.json
WEB := src/headway/static/client.js

.PHONY: setup
setup: $(EDITABLE) $(WEB)  ## .venv with headway in it, node_modules, and the built web pages

$(PACKAGES): requirements/dev.txt scripts/make_venv.sh scripts/link_node.sh
	@scripts/make_venv.sh
	@scripts/link_node.sh
	@touch $@

$(EDITABLE): pyproject.toml $(PACKAGES)
	@echo "Installing headway from this folder ..."
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

$(NODE_MODULES): package-lock.json package.json $(wildcard packages/*/package.json examples/*/web/package.json tests/react18/package.json) $(PACKAGES)
	@echo "Installing the npm packages of package-lock.json ..."
	@$(BIN)/npm ci --no-progress --loglevel=error
	@touch $@

$(WEB): $(NODE_MODULES) $(WEB_CODE)
	@echo "Building the web packages and pages ..."
	@$(BIN)/npm run --silent build
	@touch $@

.PHONY: web
web: $(WEB)  ## build the TypeScript packages and the pages served by Python

# ------------------------------------------------------------------------------------------------ use
.PHONY: demo
demo: setup  ## a trip planned live in the browser (ARGS="--port 9000" passes options)
	@$(BIN)/headway demo $(ARGS)

.PHONY: demo-report
demo-report: setup  ## reports on competitors, made by workers of other processes over Postgres
	@$(BIN)/python -m examples.report.demo $(ARGS)

.PHONY: demo-strategy
demo-strategy: setup  ## a content strategy made from real text, streamed or polled
	@$(BIN)/python -m examples.strategy.demo $(ARGS)

# ------------------------------------------------------------------------------------------------ checks
# Twice as many processes as cores: most tests wait for other processes for a part of their time.
PYTEST := $(BIN)/pytest -n 4 --dist loadgroup --no-loadscope-reorder

.PHONY: test
test: setup  ## everything CI runs
	@$(MAKE) --jobs=2 --output-sync=target lint types test-ts
	@$(MAKE) test-e2e
	@$(MAKE) test-firefox
	@$(MAKE) test-py

.PHONY: lint
lint: $(EDITABLE) $(NODE_MODULES)  ## ruff and biome
	$(BIN)/ruff check $(PYTHON_CODE)
	$(BIN)/ruff format --check $(PYTHON_CODE)
	$(BIN)/npm run --silent lint

.PHONY: format
format: $(EDITABLE) $(NODE_MODULES)  ## put the code into shape
	$(BIN)/ruff check --fix $(PYTHON_CODE)
	$(BIN)/ruff format $(PYTHON_CODE)
	$(BIN)/npm run --silent format

.PHONY: types
types: $(EDITABLE) $(NODE_MODULES)  ## mypy and tsc
	$(BIN)/mypy $(PYTHON_CODE)
	$(BIN)/npm run --silent typecheck

# core/ is pure and is covered completely, branches included, by its own tests; only they are traced here.
.PHONY: test-py
test-py: setup python-servers  ## Python tests, with the coverage of core/
	$(BIN)/coverage erase
	$(PYTEST) --ignore=tests/e2e --cov=headway.core --cov-report= $(ARGS)
	$(BIN)/coverage report --include='src/headway/core/*' --fail-under=100

.PHONY: coverage
coverage: setup python-servers  ## Python tests, with the coverage of the whole package, which is at least nine tenths
	$(BIN)/coverage erase
	$(PYTEST) --ignore=tests/e2e --cov --cov-report= $(ARGS)
	$(BIN)/coverage report --fail-under=90

.PHONY: python-servers
python-servers:
	@scripts/ensure_system.sh compiler  # the load generator of bench/ is C, and has tests
	@scripts/ensure_system.sh nginx  # the files of deploy/ are tested with what they are for
	@scripts/ensure_system.sh caddy
	@scripts/ensure_system.sh postgres
	@scripts/ensure_system.sh pgbouncer
	@scripts/ensure_system.sh redis

.PHONY: test-ts
test-ts: $(WEB)  ## TypeScript tests with coverage, sizes and shape of the packages
	$(BIN)/npm run --silent test
	$(BIN)/npm run --silent size
	$(BIN)/npm run --silent lint:package

.PHONY: test-e2e
test-e2e: setup  ## Chromium against a running server
	@scripts/ensure_system.sh postgres  # of the report's demo
	scripts/with_browser.sh chromium $(PYTEST) tests/e2e $(ARGS)

.PHONY: test-firefox
test-firefox: setup  ## the fault matrix in Firefox
	scripts/with_browser.sh firefox $(PYTEST) tests/e2e -k test_fault_matrix $(ARGS)

.PHONY: soak
soak: setup  ## what takes too long for every day: more seeds for killing and cutting, RabbitMQ, whole benchmarks in small
	@scripts/ensure_system.sh compiler
	@scripts/ensure_system.sh rabbitmq
	@scripts/ensure_system.sh chromium >/dev/null
	PLAYWRIGHT_NODEJS_PATH=$(CURDIR)/$(BIN)/node $(PYTEST) -m soak $(ARGS)

# ------------------------------------------------------------------------------------------------ more
BENCH_PYTHON := .venv-bench/.packages
BENCH_NODE := bench/node_modules/.package-lock.json

.PHONY: bench
bench: setup bench-peers  ## measure against the peers; writes docs/benchmarks.md and its pictures (ARGS="--quick" tries it)
	@scripts/ensure_system.sh compiler
	@scripts/ensure_system.sh chromium >/dev/null
	$(BIN)/python -m bench $(ARGS)

.PHONY: bench-peers
bench-peers: $(BENCH_PYTHON) $(BENCH_NODE)  ## what the benchmarks compare with

$(BENCH_PYTHON): requirements/bench.txt $(PACKAGES)
	@echo "Installing the Python packages of requirements/bench.txt ..."
	@$(BIN)/python -m venv --clear --without-pip .venv-bench
	@$(BIN)/uv pip install --quiet --python .venv-bench/bin/python --require-hashes --requirement $< || \
	  $(BIN)/pip --disable-pip-version-check --python .venv-bench/bin/python install --require-hashes --requirement $<
	@touch $@

$(BENCH_NODE): bench/package-lock.json bench/package.json $(PACKAGES)
	@$(BIN)/npm ci --no-progress --loglevel=error --prefix bench
	@touch $@

.PHONY: docs
docs: $(PACKAGES) $(NODE_MODULES)  ## the documentation as a site, in site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "site/index.html"

.PHONY: fault-matrix
fault-matrix: setup  ## what a page is told under each fault: measures, and writes docs/fault-matrix.md
	FAULT_MATRIX=docs/fault-matrix.md scripts/with_browser.sh chromium $(PYTEST) tests/e2e -k test_fault_matrix
	FAULT_MATRIX=docs/fault-matrix.md scripts/with_browser.sh firefox $(PYTEST) tests/e2e -k test_fault_matrix

.PHONY: screenshots
screenshots: setup  ## pictures of the pages: every state in .screenshots/, some in docs/images/ (ARGS="console report")
	scripts/with_browser.sh chromium $(BIN)/python -m scripts.screenshots $(ARGS)

.PHONY: wheel
wheel: setup  ## sdist and wheel in dist/, the wheel made from the sdist
	@rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist

.PHONY: generate
generate: $(EDITABLE) $(NODE_MODULES)  ## the contract in conformance/schema, and the TypeScript types made of it
	$(BIN)/python scripts/schema.py conformance/schema
	$(BIN)/npm run --silent generate

.PHONY: lock
lock: $(PACKAGES)  ## resolve the dependencies anew
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  pyproject.toml requirements/dev.in --extra server --extra postgres --extra redis --extra procrastinate --extra celery --extra schedule --extra report --extra strategy --extra demo --extra llm --output-file requirements/dev.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --constraint requirements/dev.txt requirements/bench.in --output-file requirements/bench.txt
	$(BIN)/npm install --package-lock-only
	cd bench && npm install --package-lock-only --omit-lockfile-registry-resolved

.PHONY: clean
clean:  ## remove everything made, the environments too
	rm -rf .venv .venv-bench node_modules bench/node_modules packages/*/node_modules examples/*/web/node_modules packages/*/dist dist site coverage \
	  src/headway/static examples/*/static .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.*

.PHONY: help
help:  ## this list
	@awk -F ':.*##  *' '/^[a-z-]+:.*##/ {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
