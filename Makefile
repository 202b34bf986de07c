# In a fresh clone: `make demo` does the job on our example, `make test` runs what CI runs.
# Another Python: make PYTHON=python3.12 demo

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
FULL   := $(VENV)/.ready-void
DEMO   := out/demo

.PHONY: demo test lint docs bench clean
.DEFAULT_GOAL := demo

demo: $(READY)
	$(BIN)/openvoid demo --out $(DEMO)
	$(BIN)/openvoid demo --mover rigid --out $(DEMO)-moving

test: lint
	$(BIN)/python -m pytest -n 2 --dist loadscope

lint: $(FULL)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# What is generated, again: the help pages, the example worlds, and the pictures in the README.
docs: $(FULL)
	$(BIN)/python -m openvoid.cli.reference > docs/cli.md
	$(BIN)/openvoid demo --out $(DEMO)
	$(BIN)/openvoid compare examples/rolling_ball $(DEMO)/result.mkv --frames 3 --width 320 \
	  --out docs/before-after.png --overwrite
	$(BIN)/python examples/make_worlds.py --sheet docs/worlds.png

bench: $(FULL)
	$(BIN)/python benchmarks/plate_truth.py
	$(BIN)/python benchmarks/plate_speed.py
	$(BIN)/python benchmarks/native.py
	$(BIN)/python benchmarks/warp.py
	$(BIN)/python benchmarks/morph.py
	$(BIN)/python benchmarks/selection.py
	$(BIN)/python benchmarks/void_engine.py
	$(BIN)/python benchmarks/synth.py

clean:
	rm -rf out build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

# Once: a virtual environment with the tested versions. Made again when those change.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "openvoid needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1 | head -n 1)." \
	       "Name another: make PYTHON=python3.12 demo"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "Python cannot make virtual environments. On Debian or Ubuntu:" \
	       "sudo apt-get install python3-venv"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev,rigid]' -c constraints.txt
	@touch $@

# Besides, what the engine with weights (torch), the worlds and the evaluation need: for the tests,
# not for the demo.
$(FULL): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev,void,rigid,synth,evaluate,isnet]' \
	  -c constraints.txt
	@touch $@
