# For people and for CI: `make help` lists everything.
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
ENV ?=
VERSION ?=
ARGS ?=
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-aws test check lint types contract format lock bench bench-aws bench-peers chaos soak faults differential fuzz histories outcomes recordings readme dist plan apply rollback status history doctor clean

help: ## show this help
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  \033[1m%-12s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## make .venv with tfops, Terraform inside, and everything the tests need

$(STAMP): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing: install Python 3.11 or newer"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "tfops needs Python 3.11 or newer"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

demo: setup ## run the main job in a scratch project: init, apply, change, apply, rollback, status, history
	@PATH="$(abspath $(BIN)):$$PATH" bash docs/demo.sh

demo-aws: setup ## the main job with the real AWS provider against an AWS on loopback
	@PATH="$(abspath $(BIN)):$$PATH" PYTHON="$(abspath $(BIN))/python" bash docs/demo-aws.sh

test: setup ## run all tests
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

check: setup lint types contract test ## everything that CI checks

lint: setup ## style and errors
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup ## strict types
	$(BIN)/mypy

contract: setup ## imports go down only
	$(BIN)/lint-imports --no-cache

format: setup ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: setup ## pin the dependencies anew, with hashes and without a registry's name
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate \
		--all-extras --group dev --custom-compile-command 'make lock' --output-file requirements.lock pyproject.toml

bench: setup ## measure tfops against the same steps typed by hand; writes bench/results.md (a part: ARGS='Status')
	$(BIN)/python -m bench $(ARGS)

bench-aws: setup ## the same with the real AWS provider, against moto's server; writes bench/aws-results.md, aws-many-results.md
	$(BIN)/python -m bench.aws $(ARGS)
	$(BIN)/python -m bench.aws_many $(ARGS)

bench-peers: setup ## the same roots by tfops, by hand and by its peers on PATH; writes bench/peers-results.md
	$(BIN)/python -m bench.peers $(ARGS)

faults: setup ## 1,000 kills, the race and every other fault; writes docs/explanation/faults-results.md (a slice: ARGS='--tries 50')
	$(BIN)/python -m tests.faults.run $(ARGS)

chaos: setup ## two agents and a laptop on 10 environments for 10 minutes, with kills and outages (a slice: ARGS='--envs 4 --minutes 1')
	$(BIN)/python -m tests.chaos.run $(ARGS)

soak: setup ## 10,000 turns of the agent over 200 environments with nothing to do (a slice: ARGS='--turns 500 --envs 20')
	$(BIN)/python -m tests.soak.run $(ARGS)

differential: setup ## compare 5,000 values with Terraform's own verdict; writes docs/explanation/differential-results.md
	$(BIN)/python -m tests.differential.run $(ARGS)

fuzz: setup ## 10,000 damaged files of each kind; CI runs 300
	TFOPS_FUZZ_CASES=10000 $(BIN)/python -m pytest -q -n auto --timeout 3600 tests/unit/test_config_fuzz.py

histories: setup ## roll 1,000 random histories back to every version; writes docs/explanation/histories-results.md (a slice: ARGS='--seeds 0:50')
	$(BIN)/python -m tests.histories.run $(ARGS)

outcomes: setup ## write what the tests of the ways back find into docs/explanation/rollback.md
	TFOPS_WRITE_DOCS=1 $(BIN)/python -m pytest -n auto tests/e2e/test_way_back_*.py $(ARGS)

recordings: setup ## record both engines anew for tests/change and tests/commands (some cases: ARGS='life')
	$(BIN)/python -m tests.support.record_engine $(ARGS)

readme: setup ## put the demo's session and the bench's table into README.md
	$(BIN)/python -m bench.readme

dist: setup ## wheel and sdist of the commit into dist/, with SHA256SUMS: the same bytes each time
	@rm -rf dist && mkdir dist
	@top=$$PWD; export SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct); sources=$$(mktemp -d); \
		git archive HEAD | tar -x -C "$$sources" && cd "$$sources" \
		&& "$(abspath $(BIN))/python" -m hatchling build -d "$$top/dist" && rm -rf "$$sources"
	@cd dist && { command -v sha256sum >/dev/null && sha256sum tfops_cli-* || shasum -a 256 tfops_cli-*; } > SHA256SUMS
	@cat dist/SHA256SUMS

plan: setup ## tfops plan ENV=dev
	@$(BIN)/tfops plan $(ENV) $(ARGS)

apply: setup ## tfops apply ENV=dev
	@$(BIN)/tfops apply $(ENV) $(ARGS)

rollback: setup ## tfops rollback ENV=dev VERSION=v1
	@$(BIN)/tfops rollback $(ENV) $(VERSION) $(ARGS)

status: setup ## tfops status
	@$(BIN)/tfops status $(ARGS)

history: setup ## tfops history ENV=dev
	@$(BIN)/tfops history $(ENV) $(ARGS)

doctor: setup ## tfops doctor
	@$(BIN)/tfops doctor $(ARGS)

clean: ## remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache build dist
