# `make help` lists the targets. Set-up happens by itself and is skipped when nothing changed.
PY ?= python3
V := .venv
UV_VERSION := 0.13.9
AUDIT_VERSION := 2.10.1
BANK_PORT ?= 8310
INTEGRATOR_PORT ?= 8320
SUM = cat requirements.lock pyproject.toml | sha256sum
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup browser sandbox demo test check audit format mutants bench lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /	/' | expand -t 12

setup: $(V)/.synced ## everything that the other targets need, from requirements.lock

$(V)/.synced: requirements.lock pyproject.toml
	@set -e; \
	if [ "$$($(SUM))" = "$$(cat $@ 2>/dev/null)" ]; then touch $@; exit 0; fi; \
	$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed, $$($(PY) --version 2>&1) came; choose one with: make PY=python3.11" >&2; exit 2; }; \
	test -x $(V)/bin/python || $(PY) -m venv --without-pip $(V); \
	uv=$$(command -v uv || true); \
	if [ -z "$$uv" ]; then \
	  test -x .uv/bin/uv || { $(PY) -m venv .uv && .uv/bin/python -m pip install -q --disable-pip-version-check uv==$(UV_VERSION); } || true; \
	  uv=.uv/bin/uv; \
	fi; \
	if $$uv pip sync -q --system-certs --require-hashes --python $(V)/bin/python requirements.lock && \
	   $$uv pip install -q --no-deps --no-build-isolation --python $(V)/bin/python -e .; then :; else \
	  echo "uv is not usable here: falling back to pip (about 40 s)" >&2; \
	  test -x $(V)/bin/pip || $(PY) -m venv $(V); \
	  $(V)/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock; \
	  $(V)/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .; \
	fi; \
	$(SUM) > $@

browser: setup ## a Chromium and a Japanese font for the browser tests
	@$(V)/bin/python tools/browser.py

sandbox: setup ## bank, integrator web and worker in the foreground (BANK_PORT, INTEGRATOR_PORT; 0 = any)
	@exec $(V)/bin/python tools/sandbox.py --bank-port $(BANK_PORT) --integrator-port $(INTEGRATOR_PORT)

demo: setup ## one payout told step by step, against a bank of its own
	@$(V)/bin/python tools/demo.py

# Shared out by number: by name only the first operation of each generated test would run, for all have one name.
test: browser ## every test
	@$(V)/bin/python -m pytest -q -n 2 --dist worksteal

check: browser ## formatting, lint, types, import layers, contracts, then every test
	@$(V)/bin/ruff format --check .
	@$(V)/bin/ruff check .
	@$(V)/bin/mypy
	@$(V)/bin/lint-imports --no-cache
	@$(V)/bin/python tools/check_contracts.py
	@$(MAKE) --no-print-directory test

# Strict: a package of which nothing is known is a failure. Without it the tool ends with 0 where it could look nothing up.
audit: setup ## advisories for the locked dependencies; needs the internet, so it is no part of check
	@uv=$$(command -v uv || echo .uv/bin/uv); $$uv tool run --system-certs --isolated --from pip-audit==$(AUDIT_VERSION) \
	  pip-audit --strict --disable-pip --require-hashes --progress-spinner off -r requirements.lock

format: setup ## put every file into the house's format
	@$(V)/bin/ruff format .
	@$(V)/bin/ruff check --fix .

mutants: setup ## plant every known mistake, and small changes in the pure parts: the tests must find them
	@$(V)/bin/python -m tests.mutants
	@$(V)/bin/python -m tests.mutants.score

bench: setup ## every figure of docs/performance.md (ONLY=name for one)
	@$(V)/bin/python tools/bench.py $(if $(ONLY),--only $(ONLY))

lock: ## resolve requirements.lock anew from pyproject.toml
	@uv=$$(command -v uv || echo .uv/bin/uv); $$uv pip compile -q --system-certs --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --group dev -o requirements.lock pyproject.toml

clean: ## remove what set-up and runs made
	@rm -rf $(V) .uv build .pytest_cache .mypy_cache .ruff_cache .hypothesis
