#!/bin/sh
# Build stage: Avrogate alone into the folder $2, to be run by the virtual environment $1.
set -eu
venv=$1 code=$2
if [ -d /context/wheels ]; then
  export PIP_NO_INDEX=1 PIP_FIND_LINKS=/context/wheels
fi
work=$(mktemp -d)
python -m venv --system-site-packages "$work/tools"
pip() { "$work/tools/bin/pip" --disable-pip-version-check --quiet --no-cache-dir "$@"; }
pip wheel --no-deps --wheel-dir "$work/built" .
pip --python "$venv/bin/python" install --no-deps --no-index --target "$code" "$work"/built/*.whl
rm -rf "$work"
