# The front door: demo, install, test, check, bench. Each builds what it needs.
PYTHON ?= python3
EXTRAS ?=
VENV := .venv
BIN := $(VENV)/bin
# A virtual environment knows its own path: the stamps hold it, so that a moved one is made again.
BASE := $(VENV)/.base
DEV := $(VENV)/.dev
MOVED := $(filter-out $(CURDIR),$(shell cat $(BASE) 2>/dev/null))
PIP := $(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt
FITS := 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))'
AGAIN := $(strip make $(MAKECMDGOALS) $(if $(EXTRAS),EXTRAS="$(EXTRAS)"))
SAY := printf '%s\n'
# pip's progress is for people: on a terminal.
QUIET := $(shell test -t 2 || echo --quiet)

.PHONY: help demo install fast test test-real real-vllm mission full coverage check fix bench readme constraints clean $(if $(MOVED),$(BASE))

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14

demo: $(BASE)  ## index documents/ and ask a question in Russian and one in English
	@$(BIN)/opsctl reindex
	@if [ -d documents/sample ] && ! grep -qs '^/*sample/*$$' documents/.opsctlignore; then \
		$(BIN)/opsctl ask "При какой толщине морского льда можно выпускать снегоход?" && \
		$(BIN)/opsctl ask "How high can the waves get before deck work is stopped?" && \
		echo 'your turn: $(BIN)/opsctl ask "Когда сдавать заявки на экспедицию?"'; \
	else echo 'your turn: $(BIN)/opsctl ask "…"'; fi

install: $(BASE)  ## the base, and what is asked for: make install EXTRAS="neural local train"
	@$(if $(EXTRAS),$(BIN)/python -m opsctl.install $(EXTRAS))

$(BASE): pyproject.toml constraints.txt
	@$(PYTHON) -c pass 2>/dev/null || { $(SAY) 'error: $(PYTHON) does not run' 'hint: $(AGAIN) PYTHON=python3.11' >&2; exit 1; }
	@$(PYTHON) -c $(FITS) || { $(SAY) "error: Python 3.11 to 3.14 is needed, this is $$($(PYTHON) -V 2>&1)" 'hint: $(AGAIN) PYTHON=python3.11' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { $(SAY) 'error: this Python cannot make virtual environments' 'hint: sudo apt install python3-venv' >&2; exit 1; }
	@echo 'installing opsctl into $(VENV): about 400 MB, one to three minutes'
	@$(if $(MOVED),echo 'the checkout was moved from $(MOVED): its extras are to be installed again' && rm -rf $(VENV))
	@[ ! -d $(VENV) ] || $(BIN)/python -c $(FITS) 2>/dev/null || { $(SAY) '$(VENV) is of another Python: it is made again, and its extras are to be installed again'; rm -rf $(VENV); }
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) $(QUIET) -e . || { $(SAY) 'error: pip could not install the packages, see above' 'hint: $(AGAIN)' >&2; exit 1; }
	@$(BIN)/python -m opsctl.install --try semantic
	@echo $(CURDIR) > $@

$(DEV): $(BASE)
	@echo 'installing what the tests need: torch and others, about 2 GB, some minutes'
	@$(BIN)/python -m opsctl.install dev
	@touch $@

# Most tests wait for the programs they start; who has come to the end of the own ones takes over.
TESTS := -m pytest -n auto --dist worksteal --ignore tests/real

fast: $(DEV)  ## the tests that start no process
	$(BIN)/python $(TESTS) -m "not process"

test: $(DEV)  ## all tests but those of real engines
	$(BIN)/python $(TESTS)

full: $(DEV)  ## the same with brute force at its full size
	$(BIN)/python $(TESTS) --full

coverage: $(DEV)  ## the lines that the tests run, by folder
	$(BIN)/coverage erase
	-$(BIN)/coverage run $(TESTS)  # four tests of full disks fail here: coverage cannot write, either
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage json --quiet
	$(BIN)/python tests/coverage_by_folder.py coverage.json

test-real: $(DEV)  ## a fuzz of the readers, big documents; a Docker engine in namespaces of its own (needs root)
	$(BIN)/pytest tests/real --ignore tests/real/vllm
	$(BIN)/pytest tests/real/docker

real-vllm: $(DEV)  ## a real vLLM on a processor (3.5 GB): start, verify, tokens, ten faults
	$(BIN)/pytest -s tests/real/vllm

mission: $(DEV)  ## what a user does, from setup to stop, on a real Docker engine: a transcript
	@$(BIN)/python -m tests.real.docker.mission

check: $(DEV)  ## the style, the types, and who imports whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

fix: $(DEV)  ## format, and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(DEV)  ## speed and memory, beside other products
	$(BIN)/python bench/speed.py

readme: $(DEV)  ## write the table of settings into docs/ and .env.example
	$(BIN)/python -m assistant.readme

constraints:  ## resolve again, keeping the versions that fit; CUDA packages are left to torch
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --no-annotate --no-header --quiet -o constraints.txt
	sed -i -E '/^(nvidia-[^m]|cuda-|triton)/d; /sys_platform == .win32.$$/d; s/\+cpu//; s/^(torch==[0-9.]+).*/\1/' constraints.txt
	sed -i '1i # Tested versions, one file for Python 3.11 to 3.14. Made by: make constraints (needs uv).\n# torch pins its own CUDA packages where it needs any, so none are named here.' constraints.txt

clean:  ## remove what make has made
	rm -rf $(VENV) build *.egg-info .mypy_cache .pytest_cache .ruff_cache .coverage* coverage.json
