# Avrogate. `make` alone says what there is. The virtual environment is made and kept up to date by itself.

.DEFAULT_GOAL := help
.PHONY: help run-pipeline test test-fast test-all contracts faults browser integration compose-smoke bench check \
	format stack-up stack-down up down logs ps clean
.SUFFIXES:

VENV := .venv
BIN := $(VENV)/bin
PEERS := .venv-peers
PYTHON := $(shell for candidate in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
	"$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$candidate"; break; }; done)
EVENTS ?= 100000
# of the fault suite: random kills, payloads of garbage, seconds of an outage; the full run is 100, 1000000, 60
KILLS ?= 8
PAYLOADS ?= 50000
OUTAGE ?= 20
SEED ?= 1
ROUNDS ?= 5
# two at once: most tests wait for a broker
PARALLEL ?= -n 2 --dist loadfile --no-loadscope-reorder

help: ## say what there is
	@echo "make run-pipeline [EVENTS=$(EVENTS)] [INPUT=events.jsonl]"
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.run: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "avrogate: Python 3.11 or newer is needed; none was found (set PYTHON=…)" >&2; exit 1; }
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV) || { \
		echo "avrogate: $(PYTHON) cannot make a virtual environment (on Debian: apt-get install python3-venv)" >&2; exit 1; }
	@echo "installing Avrogate into $(VENV) (Spark is large: some minutes the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $@

$(VENV)/.integration: $(VENV)/.dev
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev,integration]"
	@touch $@

$(PEERS)/.bench: benchmarks/peers/requirements.txt
	@test -x $(PEERS)/bin/python || "$(PYTHON)" -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

run-pipeline: $(VENV)/.run ## all of it: start, register, produce, process, report, audit
	@$(BIN)/avrogate run-pipeline $(if $(INPUT),--input "$(INPUT)",--events $(EVENTS))

test: $(VENV)/.dev ## all tests that need neither Docker nor a browser
	@$(BIN)/python -m pytest $(PARALLEL) -m "not containers and not faults and not browser"

test-fast: $(VENV)/.dev ## the tests without processes, in under a minute
	@$(BIN)/python -m pytest $(PARALLEL) -m "not stack and not spark and not containers and not faults and not browser"

contracts: $(VENV)/.dev ## the contract tests, with their counts (AVROGATE_HYPOTHESIS=full: a long search)
	@$(BIN)/python -m pytest contracts_tests

faults: $(VENV)/.dev ## kills, zombies, outages and garbage, held against an oracle [KILLS=8] [PAYLOADS=50000]
	@$(BIN)/python tests/faults/run.py --kills $(KILLS) --payloads $(PAYLOADS) --outage $(OUTAGE) --seed $(SEED)
	@$(BIN)/python -m pytest -m faults tests

browser: $(VENV)/.dev ## the dashboard in a headless Chromium (on Debian: apt-get install chromium)
	@$(BIN)/python -m pytest $(PARALLEL) tests/browser

integration: $(VENV)/.integration ## the tests on containers (public images, or those of AVROGATE_IMAGE_…)
	@$(BIN)/python -m pytest --backend=containers -m "(stack or containers) and not compose and not faults" \
		tests/integration tests/behaviour tests/platform/test_process.py tests/platform/test_watch.py contracts_tests \
		$(addprefix tests/spark/test_,decode.py decode_topics.py evolution.py reports.py stream.py)

compose-smoke: $(VENV)/.integration ## docker-compose.yml, from up to down, with a killed processor and an audit
	@$(BIN)/python -m pytest -m compose tests/integration

test-all: test browser faults integration compose-smoke ## all tests there are

bench: $(VENV)/.dev $(PEERS)/.bench ## all measures beside peers and limits, one table [ROUNDS=5] [EVENTS=100000] [ONLY=name-part]
	@$(BIN)/python -m benchmarks.bench --rounds $(ROUNDS) --events $(EVENTS) $(if $(ONLY),--only "$(ONLY)")

check: $(VENV)/.dev ## format, lint, types, import layers, derived schemas
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/avrogate schemas derive --check
	@$(BIN)/avrogate schemas check

format: $(VENV)/.dev ## format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

stack-up: $(VENV)/.run ## start the local Kafka and registry
	@$(BIN)/avrogate stack up

stack-down: $(VENV)/.run ## stop them; data is kept
	@$(BIN)/avrogate stack down

up: ## the containers of docker-compose.yml (docs/docker.md), until all are healthy
	@$$(docker/compose.sh) up --detach --wait

down: ## end them; volumes stay
	@$$(docker/compose.sh) --profile '*' down --remove-orphans

logs: ## what they say
	@$$(docker/compose.sh) logs --follow --tail 100

ps: ## which there are
	@$$(docker/compose.sh) ps --all

clean: ## remove what make made (not the data of the local stack)
	rm -rf $(VENV) $(PEERS) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build dist
