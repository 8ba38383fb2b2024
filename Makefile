# make demo    sets up and shows the main job
# make test    sets up and runs everything: format, lint, types, import rules, tests
VENV ?= .venv
BIN := $(VENV)/bin
export PATH := $(PATH):/usr/sbin

.PHONY: demo test pytest slice check lint types imports compiled format bench docs fuzz api-fuzz openadr-fuzz kill soak solver-faults faults clean

demo: $(VENV)/.ready
	$(BIN)/v2g demo $(ARGS)

test: $(VENV)/.ready
	$(MAKE) -j 2 -O check compiled
	$(MAKE) -j 2 pytest $(if $(ARGS),,slice)

pytest: $(VENV)/.ready
	$(BIN)/pytest -n 2 $(ARGS)

# A hundred days of `make faults`, in what time the tests leave over: most of them wait for a wall clock, these for none.
slice: $(VENV)/.ready
	nice -n 19 $(BIN)/python -m tests.faults.campaign --days 100 --no-bugs

check: lint types imports

lint: $(VENV)/.ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.ready
	$(BIN)/mypy

imports: $(VENV)/.ready
	$(BIN)/lint-imports

# The fleet planner is compiled once, not by every solver that a test starts.
compiled: $(VENV)/.ready
	$(BIN)/python -c "from optimizer.fleet.warming import warm_up; warm_up()"

format: $(VENV)/.ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.ready
	$(BIN)/python benchmarks/solve.py
	$(BIN)/python benchmarks/optimizer.py
	$(BIN)/python benchmarks/stability.py

# A site in build/docs; a link that leads nowhere ends it.
docs: $(VENV)/.ready
	$(BIN)/pip install --quiet --disable-pip-version-check --editable ".[docs]"
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

fuzz: $(VENV)/.ready
	$(BIN)/python -m tests.adapters.ocpp.campaign --frames 1000000 $(ARGS)

api-fuzz: $(VENV)/.ready
	$(BIN)/python -m tests.adapters.web.fuzzing --cases 11000 $(ARGS)

# The text may not be copied here: SCHEMA=openadr3.yaml, from the OpenADR Alliance.
openadr-fuzz: $(VENV)/.ready
	$(BIN)/python -m tests.adapters.openadr.fuzzing $(SCHEMA) --cases 5000 $(ARGS)

kill: $(VENV)/.ready
	$(BIN)/python -m tests.support.killing
	$(BIN)/python -m tests.support.kills --kills $(or $(KILLS),300) $(ARGS)

soak: $(VENV)/.ready
	$(BIN)/python -m tests.support.soak --minutes $(or $(MINUTES),60) $(ARGS)

solver-faults: $(VENV)/.ready
	$(BIN)/python -m tests.support.solver_faults $(ARGS)

faults: $(VENV)/.ready
	$(BIN)/python -m tests.faults.campaign --days $(or $(DAYS),2000) $(ARGS)

$(VENV)/.ready: pyproject.toml .ci/setup
	.ci/setup $(VENV) dev,broker,portfolio

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
