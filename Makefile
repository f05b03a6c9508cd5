PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.ready
TESTED := .venv/.ready-dev

.PHONY: demo test lint format figures clean

demo: $(STAMP)  ## simulate a published trial from dose to mood and write the report
	$(BIN)/ketamind demo --out demo-out

test: $(TESTED)  ## lint, format, types, import direction, doc examples and tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest

format: $(TESTED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(STAMP): requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(STAMP)

$(TESTED): $(STAMP) requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $(TESTED)

clean:
	rm -rf .venv demo-out
