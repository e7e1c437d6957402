#!/usr/bin/env bash
# Build the application image where a build has no network: wheels and jars come from this machine's Python and Ivy.
# With the network, `docker compose build` does as well. Prints the variable that chooses the image.
#   AVROGATE_IMAGE_PYTHON  the base image (default: the one in docker/Dockerfile)
#   AVROGATE_IMAGE         the tag to give (default: avrogate:local)
#   PYTHON                 a Python with Avrogate installed (default: that of `make`), of the base image's version
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
python=${PYTHON:-$root/.venv/bin/python}
tag=${AVROGATE_IMAGE:-avrogate:local}
export DOCKER_BUILDKIT=0 # the builder that needs no plugin

say() { echo "image: $*" >&2; }
fail() {
  say "$*"
  exit 1
}
[ -x "$python" ] || fail "no Python at $python: run \`make\` first, or set PYTHON"
docker info >/dev/null 2>&1 || fail "no Docker engine answers: docker/engine.sh up"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$root"
cp -r --parents LICENSE README.md constraints.txt pyproject.toml .dockerignore avrogate schemas producers processors \
  analytics docker/Dockerfile docker/install docker/spark docker/context "$work/"
find "$work" -name __pycache__ -prune -exec rm -rf {} +
"$python" -m pip wheel --quiet --disable-pip-version-check --wheel-dir "$work/docker/context/wheels" \
  -c constraints.txt "$work" 'hatchling>=1.27' || fail "the wheels cannot be had"
rm -f "$work"/docker/context/wheels/avrogate-*.whl # built inside, from the same files
"$python" - "$work/docker/context/jars" <<'EOF'
import shutil, sys
from pathlib import Path
from avrogate.local import ivy
from avrogate.local.download import ensure_downloaded, ivy_home
from avrogate.settings import load_settings

settings, folder = load_settings(), Path(sys.argv[1])
ensure_downloaded(settings, lambda line: print(line, file=sys.stderr))
folder.mkdir()
for jar in ivy.artifacts(ivy_home(settings) / "cache", "spark"):
    shutil.copy(jar, folder)
EOF
docker build ${AVROGATE_IMAGE_PYTHON:+--build-arg "PYTHON_IMAGE=$AVROGATE_IMAGE_PYTHON"} \
  --file "$work/docker/Dockerfile" --tag "$tag" "$work" >"$work.log" 2>&1 || {
  tail -n 5 "$work.log" >&2
  fail "the build failed (log: $work.log)"
}
rm -f "$work.log"
say "$tag"
echo "export AVROGATE_IMAGE=$tag"
