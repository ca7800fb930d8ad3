# Everything a bare machine with Python 3.11 needs: `make demo` and `make test`.
PYTHON ?= python3
UV_VERSION := 0.13.8
UV := .uv/bin/uv
RUN := $(UV) run --frozen --all-extras
OUT ?= demo-report
DATA ?= ../shared/data

.PHONY: demo test coverage check format kb bench models docs clean

demo: .venv/ready  ## the main job on a shipped, simulated cohort
	$(RUN) nenuphar demo --out $(OUT)

test: .venv/ready  ## every test of the project
	$(RUN) pytest -n auto

coverage: .venv/ready  ## the tests again, slower, with the lines and branches that they reach
	$(RUN) pytest -n auto --cov --cov-report=term:skip-covered

check: .venv/ready  ## the checks that CI runs beside the tests
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) mypy
	$(RUN) lint-imports
	$(RUN) nenuphar kb check

format: .venv/ready  ## apply the house style
	$(RUN) ruff check --fix
	$(RUN) ruff format

kb: .venv/ready  ## compile the records into the JSON that ships
	$(RUN) python -m nenuphar.knowledge.build
	$(RUN) python -m nenuphar.pipeline.evidence.pooled

bench: .venv/ready  ## every figure a ratio against a named peer in the same run
	$(UV) sync --frozen --all-extras --group bench --quiet
	$(RUN) --group bench python -m benchmarks

models: .venv/ready  ## fit and measure the panels of `nenuphar subtype` and the cohort of shares again, to the same bytes
	$(RUN) python -m nenuphar.methods.expression.subtypes.training.fit --data $(DATA) --cards docs/models
	$(RUN) python -m nenuphar.methods.expression.subtypes.training.regulatory --data $(DATA) --cards docs/models
	$(RUN) python -m nenuphar.methods.microenvironment.training.fit --data $(DATA) --cards docs/models

docs: .venv/ready  ## the reference pages generated from the records
	$(RUN) nenuphar kb export --format markdown -o docs/reference
	cp docs/reference/matrix.md docs/classification-matrix.md
	$(RUN) python docs/make_exchange.py

.uv/ready:
	$(PYTHON) -m venv .uv
	.uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

.venv/ready: .uv/ready uv.lock pyproject.toml
	$(UV) sync --frozen --all-extras --compile-bytecode --quiet
	$(RUN) python -m compileall -q src/nenuphar
	$(RUN) python -m nenuphar.report.compiled
	@touch $@

clean:
	rm -rf .venv .uv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache $(OUT)
