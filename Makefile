# Everything that one does here; `make help` lists it.
SHELL := /bin/bash
PYTHON ?= python3.11
VENV := .venv
PY := $(VENV)/bin/python
PIP_FLAGS := --only-binary :all: --disable-pip-version-check --progress-bar on -c requirements-lock.txt
DIGEST := $(shell cat requirements*.txt | sha256sum | cut -c1-16)
BASE := $(VENV)/stamp-base-$(DIGEST)
FULL := $(VENV)/stamp-full-$(DIGEST)
PEERS := .venv-bench/stamp-$(shell sha256sum benchmarks/requirements-peers.txt | cut -c1-16)

.DEFAULT_GOAL := help
.PHONY: help install demo serve test prove bench pictures lint lock audit clean

help: ## list these habits
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

install: $(FULL) ## make .venv with everything that tests and linters need

demo: $(BASE) ## play a real market to settled money; SCENE=trip|upgrade|last_room|electricity, EXIT=1 ends by itself
	@$(PY) -m marketplace.demo

serve: $(BASE) ## serve the marketplace on 127.0.0.1:8000, with a Stripe sandbox beside it unless STRIPE_API_KEY is set
	@export WALRAS_SECRET_KEY="$${WALRAS_SECRET_KEY:-$$($(PY) -m marketplace.demo.secret)}"; \
	if [ -z "$$STRIPE_API_KEY" ]; then \
	  export STRIPE_API_BASE=http://127.0.0.1:12111 STRIPE_WEBHOOK_SECRET=whsec_walras_sandbox; \
	  STRIPE_SANDBOX_DATABASE=stripe.sqlite3 $(PY) manage.py stripe_sandbox --webhook-secret $$STRIPE_WEBHOOK_SECRET \
	    --webhook-url http://127.0.0.1:8000/webhooks/stripe/ & trap "kill $$!" EXIT; \
	fi; \
	$(PY) manage.py migrate --verbosity 0 && $(PY) manage.py serve

test: $(FULL) ## all tests, on SQLite and, where servers answer, on PostgreSQL and Redis
	@$(PY) -m tests.run

prove: $(FULL) ## the full counts: kills, fuzz, planted bugs
	@$(PY) -m tests.run --prove && $(PY) benchmarks/bench_bundles_large.py

bench: $(FULL) $(PEERS) ## the figures that docs quote, as ratios against named peers in one run
	@missed=""; for file in benchmarks/bench_*.py; do echo "== $$file"; $(PY) $$file || missed="$$missed $$file"; done; \
	[ -z "$$missed" ] || { echo "A bound is missed in:$$missed"; exit 1; }

pictures: $(FULL) ## the README's pictures, from a demo of its own
	@$(PY) docs/screenshots.py

lint: $(FULL) ## ruff, mypy, import directions, migrations
	@$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check . && $(VENV)/bin/mypy && $(VENV)/bin/lint-imports --no-logo
	@WALRAS_SECRET_KEY=only-for-this-check-$(DIGEST) $(PY) manage.py makemigrations --check --dry-run

lock: ## pin what .venv holds now
	@(head -1 requirements-lock.txt; $(VENV)/bin/pip freeze --exclude-editable) > .lock && mv .lock requirements-lock.txt

audit: ## look every pinned package up at the advisory service; fails, too, where that does not answer
	@[ -x .venv-audit/bin/pip-audit ] || { $(PYTHON) -m venv .venv-audit && .venv-audit/bin/pip install -q --only-binary :all: --disable-pip-version-check pip-audit==2.10.1; }
	@.venv-audit/bin/pip-audit --strict --no-deps --disable-pip -r requirements-lock.txt

clean: ## remove what the habits above have made
	@rm -rf $(VENV) .venv-bench .venv-audit .demo .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "Walras needs Python 3.11: no $(PYTHON) on the PATH (set PYTHON=...)."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "Walras needs Python 3.11; $(PYTHON) is $$($(PYTHON) -V)."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv is missing: install the package python3.11-venv."; exit 1; }
	@echo "Making $(VENV)"; $(PYTHON) -m venv $(VENV)

$(BASE): $(VENV)/bin/python
	@echo "Installing requirements.txt"; $(VENV)/bin/pip install $(PIP_FLAGS) -r requirements.txt
	@rm -f $(VENV)/stamp-*; touch $@

$(FULL): $(VENV)/bin/python
	@echo "Installing requirements-lint.txt"; $(VENV)/bin/pip install $(PIP_FLAGS) -r requirements-lint.txt
	@rm -f $(VENV)/stamp-*; touch $(BASE) $@

$(PEERS): $(VENV)/bin/python
	@$(PYTHON) -m venv .venv-bench; .venv-bench/bin/pip install --only-binary :all: --no-binary stringcase --disable-pip-version-check -q -r benchmarks/requirements-peers.txt
	@rm -f .venv-bench/stamp-*; touch $@
