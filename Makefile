# make demo            a running system with a sample lesson, in ./var     (LESSON=file PORT=8080 VAR=./var DETACH=1)
# make demo-stop       ends it
# make test            everything, with real servers and a real browser
# make check           format, lint, types, layers and the fast tests, in less than a minute
# make doctor          what is missing or misconfigured here
# make soak            twenty journeys with processes killed at random
# make bench           what encoding costs beside plain ffmpeg

SHELL := /bin/sh
PORT ?= 8080
VAR ?= ./var
LESSON ?=
DETACH ?=

# The first Python that is new enough; bootstrap.py says so clearly when none is.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
  "$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' 2>/dev/null && echo "$$p" && exit; \
  done; echo python3)
VENV := $(CURDIR)/.venv
RUN := $(VENV)/bin/python
FORMATTED := streamsvc transcoder cdn catalog tests benchmarks migrations bootstrap.py

.DEFAULT_GOAL := help
.PHONY: help environment developer demo demo-stop doctor test check check-style check-types check-tests format soak \
  bench lock clean

help:
	@sed -n '/^$$/q; s/^# //p' Makefile

environment:
	@command -v "$(PYTHON)" >/dev/null || { echo "Sabaq needs python3, version 3.11 or newer." >&2; exit 1; }
	@"$(PYTHON)" bootstrap.py --lock requirements.lock

developer:
	@command -v "$(PYTHON)" >/dev/null || { echo "Sabaq needs python3, version 3.11 or newer." >&2; exit 1; }
	@"$(PYTHON)" bootstrap.py --lock requirements-dev.lock --lock requirements.lock

demo: environment
	@"$(RUN)" -m streamsvc.cli demo --var "$(VAR)" --port "$(PORT)" $(if $(LESSON),--lesson "$(LESSON)") $(if $(filter-out 0,$(DETACH)),--detach)

# Works without an environment too: then nothing of it can be running.
demo-stop:
	@if [ -x "$(RUN)" ]; then "$(RUN)" -m streamsvc.cli demo --var "$(VAR)" --stop; else echo "Nothing is running." >&2; fi

doctor: environment
	@SABAQ_VAR="$(VAR)" "$(RUN)" -m streamsvc.cli doctor

# Three on two cores: many tests wait for servers. Those of one file stay together, for they share what they started.
test: developer
	@"$(RUN)" -m tests.system_packages
	@"$(RUN)" -m pytest -n 3 --dist loadfile

check: developer
	@"$(MAKE)" --no-print-directory --jobs=2 --output-sync=target check-style check-types check-tests

check-style:
	@"$(RUN)" -m ruff format --check --quiet $(wildcard $(FORMATTED))
	@"$(RUN)" -m ruff check --quiet $(wildcard $(FORMATTED))
	@"$(VENV)/bin/lint-imports" --no-logo > .venv/lint-imports.log || { cat .venv/lint-imports.log; exit 1; }

check-types:
	@"$(RUN)" -m mypy

check-tests:
	@"$(RUN)" -m pytest -q -n 2 -m "not functional and not ffmpeg"

format: developer
	@"$(RUN)" -m ruff format $(wildcard $(FORMATTED))
	@"$(RUN)" -m ruff check --fix $(wildcard $(FORMATTED))

soak: developer
	@"$(RUN)" -m tests.system_packages
	@"$(RUN)" -m tests.soak --seeds 20

bench: developer
	@"$(RUN)" -m benchmarks.transcode

# Pins what pyproject.toml names, for every system at once; UPGRADE=--upgrade takes the newest of everything.
UPGRADE ?=
COMPILE := "$(VENV)/bin/uv" pip compile --quiet --system-certs --no-header --universal --generate-hashes -p 3.11
lock: developer
	@"$(RUN)" -m pip install --quiet uv
	@$(COMPILE) --group build $(UPGRADE) pyproject.toml -o requirements.lock
	@$(COMPILE) --group build --group dev $(UPGRADE) -c requirements.lock pyproject.toml -o requirements-dev.lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build *.egg-info
