#!/bin/sh
# Build stage: Avrogate alone into the folder $2, to be run by the virtual environment $1.
set -eu
venv=$1 code=$2
if [ -d /context/wheels ]; then
  export PIP_NO_INDEX=1 PIP_FIND_LINKS=/context/wheels
fi
python -m venv --system-site-packages /tmp/pip
/tmp/pip/bin/pip wheel --no-cache-dir --disable-pip-version-check --quiet --no-deps --wheel-dir /tmp/wheel .
/tmp/pip/bin/pip --python "$venv/bin/python" install --no-cache-dir --disable-pip-version-check --quiet \
  --no-deps --no-index --target "$code" /tmp/wheel/*.whl
