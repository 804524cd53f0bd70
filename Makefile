# Targets are verbs; `make` alone lists them. Everything is installed into .venv, nothing outside the repository but caches.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MEMBERS := shared services/api services/converter services/worker services/predictor services/standalone clients/python
PYPROJECTS := pyproject.toml $(addsuffix /pyproject.toml,$(MEMBERS))
INSTALLED := $(VENV)/.installed
SOURCES := shared services clients/python deploy tests tools benchmarks conftest.py
SERVERLESS := $(addprefix shared/tests/,analysis catalogue datasets rewrites spec training zoo) \
  services/converter/tests $(addprefix services/worker/tests/,keras_layers network)
TYPED := $(wildcard shared/visualnn_* services/*/visualnn_* clients/python/visualnn) tools benchmarks deploy/env_example.py

# These kill parts in the middle of trainings of a few seconds, so nothing else should take the processor meanwhile.
ALONE := tests/chaos

.DEFAULT_GOAL := help
WEB := services/web
WEB_SOURCES := $(shell find $(WEB)/src $(WEB)/public -type f 2>/dev/null) $(WEB)/index.html $(WEB)/vite.config.ts $(WEB)/tsconfig.json
WEB_INSTALLED := $(WEB)/node_modules/.installed
WEB_BUILT := $(WEB)/dist/.built
# `npm` of a Node.js that is new enough: the system's, or one from PyPI in .venv.
NPM = PATH="$$($(BIN)/python tools/node_path.py):$$PATH" npm --prefix $(WEB)

.PHONY: help setup demo up test test-browser lint fix bench docs client lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 16

setup: $(INSTALLED) $(WEB_BUILT) ## make .venv with every service, the `visualnn` command and the tools; build the editor

$(INSTALLED): requirements/dev.lock requirements/setup.txt $(PYPROJECTS)
	@echo "setup: making $(VENV) (about 2 GB with TensorFlow; a few minutes the first time)"
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else f"setup: Python must be 3.11 or newer; received {sys.version.split()[0]}; try: make setup PYTHON=python3.11")'
	@$(PYTHON) -c 'import ensurepip' || { echo "setup: Python must have its venv module; on Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/setup.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.lock \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps $(addprefix -e ,$(MEMBERS)) \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps $(addprefix -e ,$(MEMBERS))
	@echo "setup: compiling to bytecode, so that the first start is quick"
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib $(MEMBERS) || true
	@touch $@
	@echo "setup: done; try: make demo, or $(BIN)/visualnn --help"

# The platform works without its editor: where that cannot be built, this says so and goes on, unless STRICT=1.
$(WEB_INSTALLED): $(WEB)/package-lock.json $(WEB)/package.json | $(INSTALLED)
	@echo "setup: installing the editor's packages"
	@if $(NPM) ci --silent; then touch $@; else echo "setup: the editor's packages could not be installed (above); everything else works without"; test -z "$(STRICT)"; fi

$(WEB_BUILT): $(WEB_INSTALLED) $(WEB_SOURCES)
	@test ! -e $(WEB_INSTALLED) || { echo "setup: building the editor"; $(NPM) run --silent build -- --logLevel warn && touch $@; } \
	  || { echo "setup: the editor could not be built (above); everything else works without"; test -z "$(STRICT)"; }

demo: setup ## train, serve and test a digit classifier on a platform of its own, in about a minute
	@$(BIN)/visualnn demo

# What a variable is on the command line; the environment's PORT or DATA may mean something else.
given = $(if $(filter command,$(origin $1)),$($1))
up: setup ## start the platform on http://127.0.0.1:8000, or as told: make up PORT=8080 DATA=folder WORKERS=2
	@$(BIN)/visualnn up $(if $(call given,PORT),--port '$(PORT)') $(if $(call given,DATA),--data-dir '$(DATA)') \
	  $(if $(call given,WORKERS),--workers '$(WORKERS)')

test: setup ## run every test; STRICT=1 makes a missing Postgres, Redis or S3 server a failure
	@failed=0; export STRICT=$(STRICT); \
	echo "test: 1 of 3: what needs no server, on up to four cores at once"; \
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal $(SERVERLESS) || failed=1; \
	echo "test: 2 of 3: services, whole platforms and the editor, on up to four cores at once"; \
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile $(addprefix --ignore=,$(SERVERLESS) $(ALONE)) || failed=1; \
	echo "test: 3 of 3: one after the other, what kills processes while they work"; \
	$(BIN)/python -m pytest $(ALONE) || failed=1; \
	exit $$failed

test-browser: setup ## run the tests that use the editor in a real Chromium; pictures land in tests/browser/screenshots
	@STRICT=1 $(BIN)/python -m pytest tests/browser

lint: setup ## check style, types, import rules and file sizes; changes nothing
	@echo "lint: ruff";   $(BIN)/ruff check $(SOURCES) && $(BIN)/ruff format --check $(SOURCES)
	@echo "lint: mypy";   $(BIN)/mypy $(TYPED)
	@echo "lint: import rules"; $(BIN)/lint-imports
	@echo "lint: file sizes";   $(BIN)/python tools/file_sizes.py
	@echo "lint: editor";  $(NPM) run --silent lint

fix: setup ## mend what ruff and biome can mend
	@echo "fix: ruff"; $(BIN)/ruff check --fix $(SOURCES); $(BIN)/ruff format $(SOURCES)
	@echo "fix: biome"; $(NPM) run --silent fix

bench: setup ## run the benchmarks, side by side with their peers; prints ratios
	@for script in benchmarks/*.py; do echo "bench: $$script"; $(BIN)/python $$script || exit 1; done

generated = echo "$@: $(1)"; $(BIN)/python $(2) > $(1).new && mv $(1).new $(1) || { rm -f $(1).new; exit 1; }

docs: setup ## generate the pages that come from code: docs/layers.md, docs/zoo.md, docs/formats.md
	@$(call generated,docs/layers.md,tools/layer_page.py)
	@$(call generated,docs/zoo.md,tools/zoo_page.py)
	@$(call generated,docs/formats.md,tools/formats_page.py)

client: setup ## generate docs/openapi.json, and from it the editor's types
	@$(call generated,docs/openapi.json,tools/openapi.py)
	@echo "client: services/web/src/client/schema.ts"; $(NPM) run --silent client

lock: setup ## compile the lock files anew
	@sh requirements/compile

clean: ## remove .venv and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache $(WEB)/node_modules $(WEB)/dist
