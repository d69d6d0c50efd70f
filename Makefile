# `make demo` and `make test` set everything up by themselves; nothing outside this folder is touched.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
EDITORS := $(VENV)/.editors

.PHONY: help demo test test-fast test-neovim lint format-lua editors generate bench report clean

help:
	@echo "make demo       sign in, list models, chat and sign out against the simulator"
	@echo "make test       everything: lint, types, fast tests, then slow ones"
	@echo "make test-fast  the inner loop"
	@echo "make test-neovim  the Neovim plugin, in three real Neovims"
	@echo "make lint       ruff and mypy"
	@echo "make format-lua  the plugin's Lua, by StyLua"
	@echo "make editors    three Neovims, Lua tools and a Node client library, for the tests that need them"
	@echo "make generate   schema, TypeScript, Lua and the reference page from the method table"
	@echo "make bench      measure, and write docs/performance.md"
	@echo "make report     measure briefly, and only print"

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group dev --editable '.[simulator]'
	touch $(READY)

demo: $(READY)
	$(BIN)/pi demo

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pi_server.protocol.generate --check

test-fast: $(READY)
	$(BIN)/pytest -q -m "not slow and not real_model" -n 2

test: lint test-fast
	$(BIN)/pytest -q -m "slow and not real_model"

test-neovim: $(READY)
	$(BIN)/pytest -q tests/editors/neovim -n 2

editors: $(EDITORS)

$(EDITORS): $(READY) tests/editors/node/package-lock.json tests/editors/neovim/install tests/editors/neovim/stylua/package-lock.json
	npm ci --prefix tests/editors/node --ignore-scripts --no-audit --no-fund --silent
	npm ci --prefix tests/editors/neovim/stylua --ignore-scripts --no-audit --no-fund --silent
	tests/editors/neovim/install $(BIN)/python $(VENV)/editors
	touch $(EDITORS)

format-lua: $(EDITORS)
	node tests/editors/neovim/stylua/stylua.mjs $(filter-out %/protocol.lua,$(shell find editors/neovim -name '*.lua'))

generate: $(READY)
	$(BIN)/python -m pi_server.protocol.generate

bench: $(READY)
	$(BIN)/python -m tests.benchmarks

report: $(READY)
	$(BIN)/python -m tests.benchmarks --rounds 2 --dry

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis tests/editors/node/node_modules
