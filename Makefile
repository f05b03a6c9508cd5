PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.ready
TESTED := .venv/.ready-dev

.PHONY: demo test docs package benchmarks format clean

demo: $(STAMP)  ## simulate a published trial from dose to mood and write the report
	$(BIN)/ketamind demo --out demo-out

test: $(TESTED)  ## lint, format, types, import direction, doc examples and tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest

docs: $(TESTED)  ## the documentation, from the package alone; a warning is an error
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going docs docs-out

package: $(TESTED)  ## wheel and sdist, checked, installed and run on each Python that is found
	EVERY_PYTHON=1 $(BIN)/pytest tests/package

benchmarks: $(TESTED)  ## all benchmarks, and the page with their figures, into benchmarks-out/
	$(BIN)/python benchmarks/all.py

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
	rm -rf .venv demo-out docs-out docs/reference/made docs/figures/made
