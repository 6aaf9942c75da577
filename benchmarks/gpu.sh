#!/usr/bin/env bash
# What a GPU gives, in ten minutes at most -> $OUT/gpu.json, or benchmarks/results/gpu.json.
# Run from the repository's root with a Python that has torch; packages that it lacks may lie as wheels in .wheels/.
set -euo pipefail
python=${PYTHON:-python3}
export PYTHONPATH="$PWD/src${PYTHONPATH:+:$PYTHONPATH}"
if [ -d .wheels ]; then
    "$python" -m pip install --quiet --no-index --find-links .wheels pydantic cyclopts zstandard charset-normalizer xxhash
fi
exec "$python" benchmarks/gpu.py --output "${OUT:-benchmarks/results}/gpu.json" "$@"
