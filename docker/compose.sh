#!/usr/bin/env bash
# Print a command that is Compose v2: Docker's plugin if it is there, else one built from its source with Go.
#   AVROGATE_COMPOSE_HOME  where the built one is kept (default: with the user's caches)
set -euo pipefail
VERSION=v2.40.3

if docker compose version >/dev/null 2>&1; then
  echo "docker compose"
  exit
fi
home=${AVROGATE_COMPOSE_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/avrogate/compose-$VERSION}
if [ ! -x "$home/docker-compose" ]; then
  command -v go >/dev/null || {
    echo "compose: neither Docker's compose plugin nor Go (to build it) is here" >&2
    exit 1
  }
  echo "compose: building $VERSION (about two minutes, once)" >&2
  mkdir -p "$home"
  work=$(mktemp -d)
  trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
  cd "$work"
  printf 'module build\ngo 1.24\nrequire github.com/docker/compose/v2 %s\ntool github.com/docker/compose/v2/cmd\n' "$VERSION" >go.mod
  { go mod tidy && go build -trimpath \
    -ldflags "-s -w -X github.com/docker/compose/v2/internal.Version=$VERSION" \
    -o docker-compose github.com/docker/compose/v2/cmd; } >log 2>&1 || {
    echo "compose: the build failed: $(tail -n 1 log)" >&2
    exit 1
  }
  mv docker-compose "$home/"
fi
echo "$home/docker-compose"
