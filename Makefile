# Everything a clone needs: python3.11 or newer and make. Each target makes .venv by itself.

PYTHON ?= python3
# Installs the lock file; pinned, because it decides what is installed.
UV := uv==0.13.9
# Generates for protobuf 6.31, the oldest that pyproject.toml lets in; newer ones load that too.
PROTOC := grpcio-tools==1.76.0
PROTO := flight_server/wire/flightsql/messages
BENCHMARKS := read_throughput memory hana_read flight_sql write_back spark_read

# Tests of the pure core. Measuring coverage makes every test slower, so the others go without.
CORE_TESTS := $(addprefix tests/unit/,client planning protocol service sql sql_render) tests/property

# A worker for each core, as far as their servers and emulators fit beside each other.
WORKERS := --numprocesses logical --maxprocesses 4 --dist loadfile

RECORD := --record-conformance docs/flight_sql_conformance.json

BIN := .venv/bin
READY := .venv/.ready
RESOLVE := $(BIN)/python -m uv pip compile pyproject.toml --quiet --python-version 3.11 \
	--extra server --extra hana --extra pandas --extra polars --extra duckdb --group dev \
	--no-annotate --no-header --output-file requirements.lock

.DEFAULT_GOAL := help
.PHONY: help dev demo test test-emulator-clients test-jdbc conformance test-live test-spark test-gpu check fix bench lock proto clean

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-22s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

dev: $(READY) ## Make .venv with everything locked, and the packages editable

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "$(PYTHON) is older than Python 3.11; name a newer one: make PYTHON=python3.12"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet "$(UV)"
	$(BIN)/python -m uv pip sync --quiet --python $(BIN)/python requirements.lock
	$(BIN)/python -m uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## Serve the sample landscape and read it through the client
	$(BIN)/python -m flight_server demo

test: $(READY) ## Run the tests with the coverage that the core must have
	$(BIN)/python -m pytest $(WORKERS) $(CORE_TESTS) --cov=flight_client.protocol \
		--cov=flight_server.planning --cov=flight_server.sql \
		--cov-report=term-missing:skip-covered --cov-fail-under=95
	$(BIN)/python -m pytest $(WORKERS) $(addprefix --ignore=,$(CORE_TESTS))

test-emulator-clients: $(READY) ## npm hdb, @sap/hana-client and go-hdb against the HANA emulator
	$(BIN)/python -m pytest -m emulator_clients tests/emulator_clients

test-jdbc: $(READY) ## The Flight SQL JDBC driver against the server, over DuckDB and the HANA emulator
	$(BIN)/python -m pytest -m jdbc tests/jdbc

conformance: $(READY) ## See what each Flight SQL client can do, and write that into docs/flight-sql.md
	$(BIN)/python -m pytest -m "feature and not jdbc" tests/integration $(RECORD)
	$(BIN)/python -m pytest -m "feature and jdbc" tests/jdbc $(RECORD)
	$(BIN)/python -m tests.support.conformance

test-spark: $(READY) ## The Spark data source in local sessions, classic and Connect (needs Java 17)
	$(BIN)/python -m pytest -m "spark or not spark" \
		tests/spark tests/contract/sinks tests/integration/fedml/test_spark.py

test-gpu: ## What only a GPU can show, in an environment of its own (5 GB; cuDF needs pandas < 3.1)
	@command -v nvidia-smi >/dev/null || { echo "no NVIDIA driver here: make test-gpu needs a GPU"; exit 1; }
	test -x .venv-gpu/bin/python || $(PYTHON) -m venv .venv-gpu
	.venv-gpu/bin/python -m pip install --quiet "$(UV)"
	.venv-gpu/bin/python -m uv pip install --quiet --python .venv-gpu/bin/python --editable ".[cudf,server,hana]" \
		"pytest>=9" "pytest-timeout>=2.4" "hypothesis>=6.130"
	.venv-gpu/bin/python -m pytest -m gpu tests/gpu

test-live: $(READY) ## Questions to the tenant that FLIGHT_LIVE_HANA names (tests/live/README.md)
	$(BIN)/python -m pytest -v tests/live

check: $(READY) ## Formatting, lint, types, import contracts, and that every test file is collected
	$(BIN)/python -m ruff format --check
	$(BIN)/python -m ruff check
	$(BIN)/python -m basedpyright
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest -q tests/architecture/test_collection.py

fix: $(READY) ## Format, and fix what ruff can fix by itself
	$(BIN)/python -m ruff check --fix
	$(BIN)/python -m ruff format

bench: $(READY) ## Run every benchmark; each prints one JSON object
	$(BIN)/python -m uv pip install --quiet --python $(BIN)/python --no-deps \
		--requirements benchmarks/requirements.lock
	@for benchmark in $(BENCHMARKS); do $(BIN)/python -m benchmarks.$$benchmark --json || exit 1; done

lock: $(READY) ## Resolve the lock files anew; keeps what still fits (rm them first to upgrade)
	$(RESOLVE)
	$(BIN)/python -m uv pip compile --group bench --quiet --python-version 3.11 \
		--no-annotate --no-header --output-file benchmarks/requirements.lock

proto: $(READY) ## Generate the messages of Flight SQL anew, in an environment that is thrown away
	$(BIN)/python -m uv run --quiet --no-project --with "$(PROTOC)" python -m grpc_tools.protoc \
		--proto_path=$(PROTO) --python_out=$(PROTO) --pyi_out=$(PROTO) datasphere_flight_sql.proto

clean: ## Remove .venv and everything that the tools left behind
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage build dist
	rm -rf tests/emulator_clients/node/node_modules tests/emulator_clients/go/build tests/jdbc/build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
