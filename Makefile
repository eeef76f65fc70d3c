# Every target says what it does in one line; how is in the scripts it calls.
PYTHON := .venv/bin/python
SHORT := $(PYTHON) -m pytest -m "not long"
# Two targets at a time; each one's output is shown when it has ended.
BOTH_CORES := $(MAKE) --no-print-directory --jobs=2 --output-sync=target

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-browser run observe stop status reconcile token backup restore restore-drill lint fmt verify verify-long simulation chaos bench contracts record lock images-check compose-secrets dashboards signals

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what is missing: servers, fonts, the locked Python packages
	@deploy/machine/setup

demo: setup ## the story in five scenes, from nothing to nothing (LETTERS=file, LEFT_ALONE=5, ONCE=1, OBSERVE=1)
	@$(PYTHON) -m deploy.demo

test: setup ## the tests of make verify, on servers of their own (T=tests/unit picks, with what is left to verify-long)
ifdef T
	@$(PYTHON) -m pytest $(T)
else
	@$(BOTH_CORES) test-services test-parts
	@$(MAKE) --no-print-directory test-systems
endif

# The three parts of make test. The first two may run side by side; whole systems have the machine to themselves.
.PHONY: test-services test-parts test-systems
test-services: setup
	@$(SHORT) tests/service

test-parts: setup
	@$(SHORT) tests --ignore=tests/service --ignore=tests/e2e --ignore=tests/browser

test-systems: setup
	@$(SHORT) tests/e2e tests/browser

run: setup ## the system in the foreground at http://localhost:8080 until Ctrl-C (HTTP_PORT=8081, LAN=1 for telephones)
	@$(PYTHON) -m deploy.system.run

observe: setup ## Prometheus and Alertmanager beside a running system; says what fires (PROMETHEUS_PORT=, ALERTMANAGER_PORT=)
	@$(PYTHON) -m deploy.observe

stop: setup ## stop a system that runs elsewhere, or what a killed one left
	@$(PYTHON) -m deploy.system.stop

status: setup ## what waits in a running system and what to do about it; exit code 1 when a person is needed (JSON=1)
	@$(PYTHON) -m deploy.system.status

reconcile: setup ## each producer's log against what its readers have seen; exit code 1 if anything differs (JSON=1)
	@$(PYTHON) -m deploy.system.reconcile

token: setup ## a development token: make token ROLE=centre UNIT=CENTRE
	@ROLE='$(ROLE)' UNIT='$(UNIT)' $(PYTHON) -m deploy.system.token

backup: setup ## the four databases into .run/backups, running or not (BACKUPS=folder, KEEP=7, DATABASE_URL_<SERVICE>=…)
	@$(PYTHON) -m deploy.backup.backup

restore: setup ## set one service's database back to a backup, in its place (SERVICE=sla BACKUP=folder)
	@SERVICE='$(SERVICE)' $(PYTHON) -m deploy.backup.restore

restore-drill: setup ## restore the newest backup on a server of its own and compare (BACKUP=folder, MASTER_KEYS_FILE=…)
	@$(PYTHON) -m deploy.backup.drill

test-browser: setup ## every test of the pages in Debian's Chromium, those of make verify-long too
	@$(PYTHON) -m pytest tests/browser

lint: setup ## ruff, mypy, import-linter
	@deploy/machine/lint

fmt: setup ## format the code and mend what ruff can mend
	@$(PYTHON) -m ruff check --fix --quiet . ; $(PYTHON) -m ruff format .

.PHONY: ops-check
ops-check: setup ## manifests, rules, dashboards, compose, images: all that needs no cluster; says what it skipped (CHECKS="rules links")
	@$(PYTHON) -m deploy.check $(CHECKS)

verify: setup ## what CI runs: lint, ops-check, test, 1,000 seeds, a minute of faults
	@$(BOTH_CORES) test-services lint ops-check test-parts
	@$(MAKE) --no-print-directory test-systems
	@$(MAKE) --no-print-directory simulation SEEDS=1000
	@$(MAKE) --no-print-directory chaos FAULT_SECONDS=60

verify-long: setup ## the rest: long tests, 10,000 seeds, three minutes of chaos, images (as root)
	@$(PYTHON) -m pytest -m long
	@$(MAKE) --no-print-directory simulation chaos images-check

simulation: setup ## 10,000 seeded histories of all four services in one process (SEEDS=500; SEED=7 tells one)
	@SEEDS='$(SEEDS)' SEED='$(SEED)' $(PYTHON) -m tests.simulation

chaos: setup ## three minutes of faults on real processes (FAULT_SECONDS=60, SEED=7, RUNS=20, HOURS=8, BROKER=4 for RabbitMQ 4)
	@$(PYTHON) -m tests.chaos

bench: setup ## the clocks' figures on this machine; not part of verify (T=tests/bench/... picks another)
	@$(PYTHON) $(or $(T),tests/bench/clocks.py)

signals: setup ## write docs/signals.md again from the code, the rules and the dashboards
	@$(PYTHON) -m deploy.signals

contracts: setup ## write contracts/ again from the code
	@$(PYTHON) -m deploy.contracts

dashboards: setup ## write k8s/components/dashboards/ again from deploy/grafana
	@$(PYTHON) -m deploy.grafana.write

record: setup ## play the story again and record an example of every kind of event
	@RECORD=1 $(PYTHON) -m pytest tests/e2e/test_every_event.py

lock: setup ## resolve requirements/*.in again and lock them with hashes (UPGRADE=1 takes newer ones)
	@UPGRADE='$(UPGRADE)' deploy/machine/lock

images-check: setup ## build the four images without a container engine and start their services (as root; minutes)
	@$(PYTHON) -m deploy.images

compose-secrets: setup ## the secrets deploy/compose.yaml needs, invented once (deploy/compose/README.md)
	@$(PYTHON) -m deploy.compose.secrets
