# The front door: demo, test, check, bench. Each builds what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo install test check bench readme constraints clean

demo: $(STAMP)  ## index documents/ and ask a question in Russian and one in English
	$(BIN)/opsctl reindex
	$(BIN)/opsctl ask "При какой толщине морского льда можно выпускать снегоход?"
	$(BIN)/opsctl ask "How high can the waves get before deck work is stopped?"

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(None if (3, 10) <= sys.version_info < (3, 14) else "error: Python 3.10 to 3.13 is needed, this is " + sys.version.split()[0] + "\nhint: make $(MAKECMDGOALS) PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	touch $@

test: $(STAMP)  ## all tests, a file a process: most of them wait for the programs they start
	$(BIN)/pytest -n auto --dist loadfile

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(STAMP)
	$(BIN)/python bench/speed.py

readme: $(STAMP)  ## write the table of settings into the READMEs
	$(BIN)/python -m assistant.readme

constraints:  ## resolve the versions anew; CUDA packages are left to torch
	printf '%s\n' '# Tested versions, one file for Python 3.10 to 3.13. Made by: make constraints (needs uv).' \
		'# torch pins its own CUDA packages where it needs any, so none are named here.' > constraints.txt
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.10 --no-annotate --no-header --quiet \
		| sed -E '/^(nvidia-[^m]|cuda-|triton)/d; /sys_platform == .win32.$$/d; s/\+cpu//; s/^(torch==[0-9.]+).*/\1/' | uniq >> constraints.txt

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .pytest_cache .ruff_cache
