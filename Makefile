# Two commands are all that is needed: `make serve` and `make test`. See README.md for the others.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Modules are compiled when they are first imported, which takes a third of the time of setting up.
# No compiler is needed: wheels alone, but for owlready2, which has none and is Python.
WHEELS := --only-binary :all: --no-binary owlready2
BENCH := --peers oxigraph-memory,mesoonto --clients 1,16 --rounds 3 --seconds 0.5 --results build/bench/short
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	$(UPGRADE) pyproject.toml
EXTRAS := exchange mcp release server synthesis
KNOWLEDGE := $(shell find ontology shapes -type f \( -name '*.ttl' -o -name '*.txt' \))

.DEFAULT_GOAL := help
.PHONY: help serve frontend test test-all test-pythons setup dev check docs bench bench-federation lock sbom

help: ## show this help
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 20

serve: build/validated frontend ## set up, build and validate the dataset, serve it
	@$(BIN)/mesoonto serve

test: $(VENV)/dev frontend ## set up what tests need and run them
	@sh tests/setup.sh
	tests/run $(PYTEST_ARGS)

test-all: $(VENV)/dev frontend ## the same with all examples of generated input, and the tests marked thorough
	@sh tests/setup.sh
	tests/run --thorough $(PYTEST_ARGS)

test-pythons: $(VENV)/ready ## set up on other declared Pythons that are at hand; a sample of the tests
	@sh tests/pythons

setup: $(VENV)/ready ## set up the environment in .venv
dev: $(VENV)/dev frontend ## the same with pytest, linters, types and the libraries of the site, for changes

check: $(VENV)/dev frontend ## lint, types, all tests with coverage
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@sh tests/setup.sh
	@rm -f .coverage
	tests/run --thorough --cov --cov-append --cov-report= --cov-fail-under=0 $(PYTEST_ARGS)
	$(BIN)/coverage report

docs: $(VENV)/dev ## build the documentation as a site, in build/docs
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

# The libraries of the site come from npm, when their pins or sources have changed; without them the site works too.
frontend: $(VENV)/ready
	@$(BIN)/python server/frontend/bundle.py

bench: $(VENV)/ready ## short comparison with the Oxigraph server; the whole: benchmarks/endpoint/README.md
	$(BIN)/python -m benchmarks.endpoint run $(BENCH)
	$(BIN)/python -m benchmarks.endpoint repeats $(BENCH)
bench-federation: $(VENV)/dev ## compare federated queries with other engines (ten minutes)
	@sh tests/setup.sh
	$(BIN)/python -m benchmarks.federation.run

sbom: $(VENV)/dev ## parts list (CycloneDX) and licences of what make serve installs, in build/
	@mkdir -p build
	@$(BIN)/python -W ignore -m cyclonedx_py requirements requirements.lock --pyproject pyproject.toml \
		--output-reproducible --validate --output-file build/sbom.cdx.json
	@$(BIN)/python .ci/licences.py build/licences.md

# Pins stay as they are where they still fit; make lock UPGRADE=--upgrade renews them all.
lock: $(VENV)/dev ## bring the lock files up to pyproject.toml
	$(LOCK) $(EXTRAS:%=--extra %) --group build --output-file requirements.lock
	$(LOCK) --all-extras --group build --group docs --group dev --output-file requirements-dev.lock

$(VENV)/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is older than 3.11; run make PYTHON=python3.12 ..., say" >&2; exit 1; }
	@echo "Setting up $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install $(WHEELS) --no-compile --no-deps --require-hashes --requirement requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev: $(VENV)/ready requirements-dev.lock
	@$(PIP) install $(WHEELS) --no-deps --require-hashes --requirement requirements-dev.lock
	@touch $@

# Validation takes seconds, so it runs again only when knowledge or shapes have changed.
build/validated: $(VENV)/ready $(KNOWLEDGE)
	@$(BIN)/mesoonto build
	@$(BIN)/mesoonto validate
	@mkdir -p build && touch $@
