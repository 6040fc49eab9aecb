# Every target works on a fresh machine that has Python 3.11 or later and make.
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup run test test-unit test-long test-connections test-disk test-nginx test-alerts test-pgbouncer test-mariadb test-browser console-images fuzz bench chaos configuration openapi docs docs-serve lint pins fmt

help:  ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

setup: .venv/ready  ## make .venv/ with everything pinned

.venv/ready: requirements.txt requirements-local.txt requirements-dev.txt pyproject.toml testbed/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Unbet needs Python 3.11 or later; set PYTHON=/path/to/python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing the pinned packages into .venv/ (about half a minute the first time) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -r requirements-local.txt -r requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable . --editable testbed
	@touch $@

run: setup  ## start everything, send a demonstration cancel, stay until Ctrl-C
	@$(BIN)/unbet run

APART := $(addprefix --ignore tests/,disk nginx alerts pgbouncer mariadb browser)

# Most tests wait more than they work, so several run at a time, each process with servers of its own;
# those of faults hold the promises' times, and run two at a time.
test: setup  ## the tests for each change (6 minutes), against a real PostgreSQL and Redis
	@$(BIN)/python -m pytest --numprocesses 4 --dist worksteal -m "not long" $(APART) --ignore tests/long --ignore tests/system/faults
	@$(BIN)/python -m pytest --numprocesses 3 --dist worksteal -m "not long" tests/system/faults

test-unit: setup  ## the tests that need no server (20 seconds)
	@$(BIN)/python -m pytest --numprocesses 3 --dist worksteal -p no:hypothesispytest tests/unit

test-long: setup  ## tests that take minutes by their nature (growth, long outages, thousands of races)
	@$(BIN)/python -m pytest --numprocesses 2 --dist worksteal -m long $(APART)

CONNECTIONS ?= 20000
KINDS ?=

test-connections: setup  ## does a receiver grow by connections of any kind? (CONNECTIONS=1000000, KINDS=half_closed,...)
	@CONNECTIONS=$(CONNECTIONS) KINDS=$(KINDS) $(BIN)/python -m pytest --capture no --quiet tests/long/test_connections.py

test-disk: setup  ## spools on real full and read-only disks (as root: it mounts them in a namespace)
	@$(BIN)/python -m pytest tests/disk

test-nginx: setup  ## docs/nginx.conf in front of real receivers (apt-get install nginx-light openssl)
	@$(BIN)/python -m pytest tests/nginx

test-alerts: setup  ## deploy/prometheus/alerts.yml: each alert fires and clears (apt-get install prometheus)
	@$(BIN)/python -m pytest tests/alerts

test-pgbouncer: setup  ## receivers and workers behind a real PgBouncer (apt-get install pgbouncer)
	@$(BIN)/python -m pytest tests/pgbouncer

test-mariadb: .venv/ready-for-mariadb  ## the example of a wallet service on a real MariaDB (apt-get install mariadb-server)
	@$(BIN)/python -m pytest tests/mariadb

.venv/ready-for-mariadb: .venv/ready tests/mariadb/requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/mariadb/requirements.txt
	@touch $@

test-browser: .venv/ready-for-browser  ## the console in a real Chromium (apt-get install chromium)
	@$(BIN)/python -m pytest tests/browser

console-images: .venv/ready-for-browser  ## the console's pictures in docs/images/ (some minutes, Chromium)
	@$(BIN)/python -m tests.browser.pictures

.venv/ready-for-browser: .venv/ready tests/browser/requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/browser/requirements.txt
	@touch $@

FUZZ_EXAMPLES ?= 1000000
FUZZ_SEED ?=

fuzz: setup  ## bodies made to break the parser, a million of them, and half as many messages (FUZZ_EXAMPLES, FUZZ_SEED)
	@$(BIN)/python -m tests.fuzz --bodies $(FUZZ_EXAMPLES) $(if $(FUZZ_SEED),--seed $(FUZZ_SEED))

CHAOS_SECONDS ?= 60
CHAOS_SEED ?=
CHAOS_WALLET ?= ledger
CHAOS_DIALECT ?= lucky-monaco-v4

chaos: setup  ## faults of every kind under load: is anything lost or doubled? (CHAOS_SECONDS, CHAOS_SEED, CHAOS_WALLET=ledger|sql|http, CHAOS_DIALECT)
	@$(BIN)/unbet chaos --wallet $(CHAOS_WALLET) --dialect $(CHAOS_DIALECT) --seconds $(CHAOS_SECONDS) $(if $(CHAOS_SEED),--seed $(CHAOS_SEED))

BENCH ?= run

bench: .venv/ready-for-benchmarks  ## Unbet against its baselines, under wrk's load (BENCH="run --rounds 1", BENCH=--help)
	@$(BIN)/python -m benchmarks $(BENCH)

.venv/ready-for-benchmarks: .venv/ready benchmarks/requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt
	@touch $@

configuration: setup  ## write docs/configuration.md and docs/ledger-openapi.json, which are made of the code
	@$(BIN)/python -m unbet.cli.configuration

openapi: setup  ## write into docs/openapi.json what is made of the dialects
	@$(BIN)/python -m unbet.cli.openapi

# Without --quiet: it would keep `strict` from counting warnings.
docs: .venv/ready-for-docs  ## the documentation as a site, in build/docs/; a dead link is an error
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

docs-serve: .venv/ready-for-docs  ## the same on http://127.0.0.1:8000/, made anew with each change
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs serve --dev-addr 127.0.0.1:8000

.venv/ready-for-docs: .venv/ready docs/requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r docs/requirements.txt
	@touch $@

lint: setup  ## ruff, mypy, the import contracts, known vulnerabilities of what is pinned
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python .ci/audit.py

pins: setup  ## is there a wheel of each pinned package for each Python and machine? (a minute, the package index)
	@$(BIN)/python .ci/pins.py

fmt: setup  ## format the code
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .
