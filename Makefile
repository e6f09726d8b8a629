# The two commands a newcomer needs: make demo, make test. Each sets up what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
# tests wait more than they work, so there are more workers than cores; a file's tests share one, and the files that wait longest go first
JOBS ?= 4

# tests start hundreds of programs; none of them shall have to compile itself anew
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help venv demo test check format lint types fences docs bench clean

help: ## say what each target does
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed; name one: make $(or $(MAKECMDGOALS),venv) PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[practice,dev]'
	@touch $@

venv: $(STAMP) ## set up .venv with everything that demo and test need

demo: $(STAMP) ## the console on a whole small site; without a terminal the headless run
	$(BIN)/rpconsole demo $(ARGS)

test: $(STAMP) ## the whole suite; says which real servers it found
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: format lint types fences test ## everything that a commit must pass

format: $(STAMP)
	$(BIN)/ruff format --check src tests benchmarks docs

lint: $(STAMP)
	$(BIN)/ruff check src tests benchmarks docs

types: $(STAMP)
	$(BIN)/mypy

fences: $(STAMP)
	$(BIN)/lint-imports

docs: $(STAMP) ## write the generated parts of the documentation anew
	$(BIN)/python -m docs.generate

bench: $(STAMP) ## run every benchmark and print a table of ratios
	$(BIN)/python -m benchmarks

clean: ## remove what the targets above made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache dist
