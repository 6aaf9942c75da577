#!/usr/bin/env bash
# What a GPU gives, in ten minutes at most -> $OUT/gpu.json, or benchmarks/results/gpu.json.
# Run from the repository's root. The Python is $PYTHON, or this project's, or the machine's; what that lacks may lie as
# wheels in .wheels/ (on a machine with a network: pip download --only-binary :all: -d .wheels PACKAGES).
set -euo pipefail
here=.venv/bin/python
python=${PYTHON:-$(if [ -x "$here" ]; then echo "$here"; else echo python3; fi)}
export PYTHONPATH="$PWD/src${PYTHONPATH:+:$PYTHONPATH}"
if [ -d .wheels ]; then
    "$python" -m pip install --quiet --no-index --no-deps .wheels/*.whl
fi
exec "$python" benchmarks/gpu.py --output "${OUT:-benchmarks/results}/gpu.json" "$@"
