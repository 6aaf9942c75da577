# The only commands a newcomer needs. Every target first sets up what it needs in this folder: .uv (installer) and .venv.
PYTHON ?= python3
UV := .uv/bin/uv
BIN := .venv/bin

export UV_PYTHON_PREFERENCE := only-system
export UV_LINK_MODE := copy

.PHONY: help demo test check bench reliability format lock clean

help:            ## List the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

demo: .venv/ready            ## The whole pipeline on the embedded world: about ten minutes on two cores
	$(BIN)/zaohua quickstart

test: .venv/ready            ## Every test, the slow ones included
	$(BIN)/python -m pytest

check: .venv/ready           ## What CI runs: format, lint, types, generated docs, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/python docs/generate.py --check
	$(MAKE) --no-print-directory test

bench: .venv/ready           ## Training speed beside its peers, into benchmarks/results/
	$(BIN)/python benchmarks/train_cpu.py

reliability: .venv/ready     ## The fault tests in full: 220 kills, 100 signals, 10,000 flipped bits
	ZAOHUA_KILLS=20 ZAOHUA_LIVES=200 ZAOHUA_SIGNALS=100 ZAOHUA_FLIPS=10000 $(BIN)/python -m pytest -s tests/reliability tests/corpus/test_anywhere.py tests/corpus/engine/test_same_output.py

format: .venv/ready          ## Format the code, sort imports, write the generated docs again
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .
	$(BIN)/python docs/generate.py

lock: $(UV)                  ## Resolve the dependencies anew (hashed, without download addresses)
	$(UV) pip compile --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --extra dev \
		--python-version 3.11 --quiet pyproject.toml -o requirements.lock

clean:                       ## Remove the environment and the installer
	rm -rf .venv .uv

$(UV):
	$(PYTHON) -m venv .uv
	.uv/bin/python -m pip install --quiet --disable-pip-version-check uv

.venv/ready: $(UV) requirements.lock pyproject.toml
	$(UV) venv --quiet --allow-existing --python $(PYTHON) .venv
	$(UV) pip install --python $(BIN)/python --require-hashes -r requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@
