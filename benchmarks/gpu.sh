#!/usr/bin/env bash
# What a GPU gives -> gpu.json and train_gpu.json in $OUT, or in benchmarks/results. Words are given to both, as in
# --device cpu. Each takes some minutes; MINUTES=0 leaves the whole run of three at the end out.
# Run from the repository's root. The Python is $PYTHON, or this project's, or the machine's; what that lacks may lie as
# wheels in .wheels/ (on a machine with a network: pip download --only-binary :all: -d .wheels PACKAGES).
set -euo pipefail
here=.venv/bin/python
python=${PYTHON:-$(if [ -x "$here" ]; then echo "$here"; else echo python3; fi)}
export PYTHONPATH="$PWD/src${PYTHONPATH:+:$PYTHONPATH}"
if [ -d .wheels ]; then
    "$python" -m pip install --quiet --no-index --no-deps .wheels/*.whl
fi
"$python" benchmarks/gpu.py --minutes "${MINUTES:-3}" --output "${OUT:-benchmarks/results}/gpu.json" "$@"
exec "$python" benchmarks/train_gpu.py --output "${OUT:-benchmarks/results}/train_gpu.json" "$@"
