# Each target sets up what it needs in .venv; nothing else on the machine is touched.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: report test lint docs lab release-check check-python clean

report: $(VENV)/ready-report ## the weekly report and the outcome check of the bundled thesis, on bundled prices
	@$(BIN)/screener weekly || test $$? -eq 3
	@echo
	@$(BIN)/screener outcome || test $$? -eq 3

# One thread of linear algebra a process: two processes of many threads wait for each other.
test: $(VENV)/ready-dev ## the tests of a minute; the slow ones run in CI
	@OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadscope -m "not slow and not browser"

lint: $(VENV)/ready-dev ## style, types, import contract, structure figures
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tests.structure

docs: $(VENV)/ready-dev ## the manual as a site in build/docs
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

release-check: $(VENV)/ready-dev ## wheel and sdist in clean environments, metadata, licences, size; the oldest pandas
	@.ci/wheel
	@.ci/pandas2

lab: $(VENV)/ready-lab ## the notebooks in JupyterLab
	@cd reports/notebooks && ../../$(BIN)/jupytext --quiet --sync *.py && ../../$(BIN)/jupyter lab 01-first-look.ipynb

check-python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "screener needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ..."; exit 1; }

$(VENV)/bin/python: | check-python
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip

$(VENV)/ready-report: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "setting up .venv (once, about a minute)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/ready-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "setting up .venv for tests (once, about two minutes)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,notebook,pdf,draft,mcp]'
	@touch $@ $(VENV)/ready-report

$(VENV)/ready-lab: pyproject.toml constraints.txt | $(VENV)/bin/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[notebook]'
	@touch $@ $(VENV)/ready-report

clean:
	rm -rf $(VENV) dist build
