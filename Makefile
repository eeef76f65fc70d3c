# Every target says what it does in one line; how is in the scripts it calls.
PYTHON := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help setup demo test run stop token lint fmt verify bench lock contracts

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

lock: ## resolve requirements/*.in again and lock them with hashes
	@deploy/local/lock
