# `make demo` and `make test` set everything up by themselves; nothing outside this folder is touched.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
EDITORS := $(VENV)/.editors
EXTENSION := editors/vscode
PACKAGES := $(EXTENSION)/node_modules/.package-lock.json
NODE := $(CURDIR)/$(VENV)/editors/vscode

.PHONY: help demo test test-fast test-neovim test-vscode lint format-lua format-vscode editors vsix screenshots generate \
	bench report clean

help:
	@echo "make demo       sign in, list models, chat and sign out against the simulator"
	@echo "make test       everything: lint, types, fast tests, then slow ones"
	@echo "make test-fast  the inner loop"
	@echo "make test-neovim  the Neovim plugin, in three real Neovims"
	@echo "make test-vscode  the VS Code extension, in real windows"
	@echo "make lint       ruff and mypy"
	@echo "make format-lua  the plugin's Lua, by StyLua"
	@echo "make format-vscode  the extension's TypeScript, by Biome"
	@echo "make editors    three Neovims, VS Code, a browser and Node, for the tests that need them"
	@echo "make vsix       the VS Code extension, as $(EXTENSION)/dist/pi.vsix"
	@echo "make screenshots  the pictures of the documents, anew"
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

# One at a time: a machine of two cores shows a page late when two browsers work on it.
test-vscode: $(READY)
	$(BIN)/pytest -q tests/editors/vscode

editors: $(EDITORS)

INSTALLS := tests/editors/neovim/install tests/editors/vscode/install tests/editors/vscode/package-lock.json \
	tests/editors/node/package-lock.json tests/editors/neovim/stylua/package-lock.json
NPM_CI := npm ci --ignore-scripts --no-audit --no-fund --silent --prefix

$(EDITORS): $(READY) $(INSTALLS) $(PACKAGES)
	$(NPM_CI) tests/editors/node
	$(NPM_CI) tests/editors/neovim/stylua
	tests/editors/neovim/install $(BIN)/python $(VENV)/editors
	tests/editors/vscode/install $(VENV)/editors/vscode
	touch $(EDITORS)

$(PACKAGES): $(EXTENSION)/package-lock.json
	$(NPM_CI) $(EXTENSION)
	touch $(PACKAGES)

# The Node of `make editors` where that is there; any from 22 on will do.
vsix: $(PACKAGES)
	cd $(EXTENSION) && PATH=$(NODE):$$PATH npm run --silent package

screenshots: $(EDITORS)
	PI_WRITE_SCREENSHOTS=1 $(BIN)/pytest -q tests/editors/vscode/test_pictures.py

format-vscode: $(EDITORS)
	cd $(EXTENSION) && PATH=$(NODE):$$PATH npm run --silent format

format-lua: $(EDITORS)
	node tests/editors/neovim/stylua/stylua.mjs $(filter-out %/protocol.lua,$(shell find editors/neovim -name '*.lua'))

generate: $(READY)
	$(BIN)/python -m pi_server.protocol.generate

bench: $(READY)
	$(BIN)/python -m tests.benchmarks

report: $(READY)
	$(BIN)/python -m tests.benchmarks --rounds 2 --dry

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis tests/editors/node/node_modules \
		tests/editors/neovim/stylua/node_modules $(EXTENSION)/node_modules $(EXTENSION)/dist
