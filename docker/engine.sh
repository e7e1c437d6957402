#!/usr/bin/env bash
# A Docker engine for machines that have none, as in CI.
#   engine.sh up     use the engine that answers, or install one (Debian, root) and start it for this folder
#   engine.sh down   end the engine that `up` started; images stay in its folder for the next `up`
#   engine.sh purge  the same, and remove the folder
# `up` prints `export DOCKER_HOST=…` if the engine is its own: eval "$(docker/engine.sh up)".
# AVROGATE_ENGINE_HOME  where the engine keeps images and logs (default: a folder of the user's under the temporary one)
set -euo pipefail

home=${AVROGATE_ENGINE_HOME:-${TMPDIR:-/tmp}/avrogate-engine-$(id -u)}
socket=$home/docker.sock
pid_file=$home/dockerd.pid
START_LIMIT=60 # seconds; an idle machine needs one
STOP_LIMIT=60

say() { echo "engine: $*" >&2; }
fail() {
  say "$*"
  exit 1
}
answers() { timeout 20 docker --host "$1" info >/dev/null 2>&1; }

# the pid in the file, if it is an engine of this folder and not a stranger who was given the number since
running() {
  local pid
  pid=$(cat "$pid_file" 2>/dev/null) || return 1
  tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF -- "--pidfile $pid_file" && echo "$pid"
}

install_engine() {
  command -v dockerd >/dev/null && command -v iptables >/dev/null && return
  command -v apt-get >/dev/null || fail "no Docker engine answers and there is no apt-get to install one with"
  say "installing docker.io and iptables"
  { apt-get update -qq &&
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker.io iptables; } \
    >"$home/install.log" 2>&1 || fail "apt-get could not install docker.io (log: $home/install.log)"
}

start_engine() {
  # setsid: the engine outlives the terminal, and a Ctrl-C at a test does not end it under the containers
  setsid dockerd --host "unix://$socket" --ip 127.0.0.1 --ip6tables=false \
    --data-root "$home/root" --exec-root "$home/exec" --pidfile "$pid_file" \
    >"$home/dockerd.log" 2>&1 </dev/null &
  local deadline=$((SECONDS + START_LIMIT)) child=$!
  until answers "unix://$socket"; do
    kill -0 "$child" 2>/dev/null || fail "dockerd ended at its start: $(tail -n 1 "$home/dockerd.log") (log: $home/dockerd.log)"
    ((SECONDS < deadline)) || { kill "$child"; fail "dockerd does not answer after $START_LIMIT s (log: $home/dockerd.log)"; }
    sleep 0.2
  done
}

up() {
  if [ -z "${DOCKER_HOST:-}" ] && command -v docker >/dev/null && timeout 20 docker info >/dev/null 2>&1; then
    say "using the engine that runs here"
    return
  fi
  if [ -n "${DOCKER_HOST:-}" ] && [ "$DOCKER_HOST" != "unix://$socket" ]; then
    answers "$DOCKER_HOST" || fail "no engine answers at DOCKER_HOST=$DOCKER_HOST"
    say "using the engine at DOCKER_HOST"
    return
  fi
  if running >/dev/null && answers "unix://$socket"; then
    say "already up"
  else
    [ "$(id -u)" = 0 ] || fail "no Docker engine answers, and only root can start one (on a desktop: start Docker)"
    mkdir -p "$home"
    install_engine
    start_engine
    say "started (folder: $home)"
  fi
  echo "export DOCKER_HOST=unix://$socket"
}

down() {
  local pid
  pid=$(running) || { say "none of ours runs"; return; }
  kill "$pid"
  local deadline=$((SECONDS + STOP_LIMIT))
  while kill -0 "$pid" 2>/dev/null; do
    ((SECONDS < deadline)) || fail "dockerd (pid $pid) does not end (log: $home/dockerd.log)"
    sleep 0.2
  done
  rm -f "$socket"
  say "ended"
}

purge() {
  down
  # a container's file system that is still mounted is not to be deleted through
  ! grep -qF " $home/" /proc/mounts || fail "something under $home is still mounted"
  rm -rf "$home"
}

case "${1:-}" in
  up | down | purge) "$1" ;;
  *) fail "say up, down or purge" ;;
esac
