#!/usr/bin/env bash
# Install what a fresh machine lacks for a target, then run it.
#
# The Makefile calls this; `tools/bootstrap.sh TARGET [ARGUMENTS…]` is the same.
# What the machine has is used: Python, Nix, bubblewrap, a container engine.  What it lacks comes
# from Debian's and Python's package registries; nothing else is fetched.  A second call installs
# nothing and asks no registry.  Everything of the project's own is below the checkout: `.venv/`,
# and `.state/` with logs and the private engine's data.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly STATE=$PWD/.state
readonly VENV=$PWD/.venv
readonly PYTHON=$VENV/bin/python
readonly LOG=$STATE/bootstrap.log
readonly SUITE=trixie
readonly IMAGE=doctest-nix:$SUITE

# Seconds that the private engine has to answer after its start, and to end when told to.
readonly ENGINE_DEADLINE=60

main() {
  local target=$1
  shift
  mkdir -p "$STATE"
  case $target in
    demo) demo "$@" ;;
    test) run_tests "$@" ;;
    check) check ;;
    docs) build_docs ;;
    fmt) format ;;
    bench) benchmark benchmarks "$@" ;;
    bench-convert) benchmark benchmarks.convert "$@" ;;
    clean) clean ;;
    *) fail "There is no target '$target'." "Type 'make' to see them." ;;
  esac
}

# ---- targets

demo() {
  need_packages bubblewrap nix
  need_venv
  say "Running the project's own tutorials in bubblewrap"
  exec "$PYTHON" -m pytest docs/ --nix-sandbox=bubblewrap "$@"
}

run_tests() {
  ready_for_tests
  say "Running the tests"
  "$PYTHON" -m pytest "$@"
}

check() {
  ready_for_tests
  say "Checking format, lint and types"
  "$VENV/bin/ruff" format --check .
  "$VENV/bin/ruff" check .
  "$VENV/bin/mypy"
  "$VENV/bin/shellcheck" tools/*.sh .ci/run
  sphinx
  say "Running the tests, with coverage"
  "$PYTHON" -m coverage erase
  "$PYTHON" -m coverage run -m pytest
  "$PYTHON" -m coverage combine --quiet
  "$PYTHON" -m coverage report
}

build_docs() {
  need_venv dev
  sphinx
  echo "    docs/_build/html/index.html"
}

sphinx() {
  say "Building the documentation"
  "$PYTHON" -m sphinx --quiet -W --keep-going -b html docs docs/_build/html
}

format() {
  need_venv dev
  "$VENV/bin/ruff" format .
  "$VENV/bin/ruff" check --fix .
}

benchmark() {
  ready_for_tests
  "$PYTHON" -m "$@"
}

clean() {
  one_at_a_time
  stop_stale_engine
  say "Removing what the targets made"
  [ ! -d "$STATE/engine" ] || as_root rm -rf "$STATE/engine"
  rm -rf "$STATE" "$VENV" docs/_build build dist .mypy_cache .ruff_cache .pytest_cache \
    .hypothesis .coverage .coverage.*
}

ready_for_tests() {
  one_at_a_time
  need_packages bubblewrap nix
  need_venv dev
  need_engine
  need_image
}

# ---- saying what happens

say() { printf '\n==> [%3d s] %s\n' "$SECONDS" "$1"; }

fail() {
  printf '\nerror: %s\n' "$1" >&2
  shift
  [ $# = 0 ] || printf '%s\n' "$@" >&2
  exit 1
}

# step TITLE COMMAND…: run it, its output into the log, and show that it is alive.
step() {
  local title=$1 started=$SECONDS pid status=0 shown=0 line
  shift
  say "$title"
  printf '\n### %s\n' "$title" >> "$LOG"
  "$@" >> "$LOG" 2>&1 < /dev/null &
  pid=$!
  while kill -0 "$pid" 2> /dev/null; do
    sleep 0.2
    [ -t 1 ] || [ $((SECONDS - started)) -ge $((shown + 10)) ] || continue
    shown=$((SECONDS - started))
    line=$(tail -n 1 "$LOG" | tr -cd '[:print:]')
    if [ -t 1 ]; then printf '\r\033[K'; fi
    printf '    %3d s  %.66s' "$shown" "$line"
    [ -t 1 ] || echo
  done
  [ ! -t 1 ] || printf '\r\033[K'
  wait "$pid" || status=$?
  if [ "$status" != 0 ]; then
    tail -n 30 "$LOG" >&2
    fail "$title: failed with status $status." "The whole log is $LOG."
  fi
  printf '    done in %d s\n' "$((SECONDS - started))"
}

# Two runs of one checkout would stop each other's engine.  The lock ends with this process and
# those that it starts, the engine apart.
one_at_a_time() {
  exec {lock}> "$STATE/lock"
  flock --nonblock "$lock" ||
    fail "Another 'make' runs in this checkout." "Wait for its end, or use another clone."
}

# ---- Debian's packages

# need_packages WHAT…: bubblewrap, nix, python-venv, engine and mmdebstrap, where they are missing.
need_packages() {
  local missing=() what
  [ -x "$PYTHON" ] || set -- "$@" python-venv
  for what in "$@"; do
    case $what in
      bubblewrap) on_path bwrap || missing+=(bubblewrap) ;;
      nix) on_path nix-shell || missing+=(nix-bin) ;;
      engine) on_path dockerd || missing+=(docker.io) ;;
      mmdebstrap) on_path mmdebstrap || missing+=(mmdebstrap) ;;
      # Debian keeps `venv` in a package of its own, named after the very version.
      python-venv)
        find_python
        "$python" -c 'import ensurepip, venv' 2> /dev/null ||
          missing+=("$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')")
        ;;
    esac
  done
  [ "${#missing[@]}" = 0 ] || install_packages "${missing[@]}"
}

on_path() { PATH=$PATH:/usr/sbin:/sbin command -v "$1" > /dev/null; }

install_packages() {
  on_path apt-get || fail "This machine lacks: $*." \
    "They are Debian's names; install what provides them here, and try again."
  may_be_root || fail "This machine lacks: $*." \
    "Install them as root: apt-get install --no-install-recommends $*"
  step "Asking Debian's registry for its packages" as_root apt-get update
  step "Installing $*" as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --no-install-recommends "$@"
}

may_be_root() { [ "$(id -u)" = 0 ] || { on_path sudo && sudo -v; }; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# ---- Python

# Set `python` to the first interpreter that is new enough.
find_python() {
  local name
  for name in python3 python3.14 python3.13 python3.12 python3.11; do
    python=$(command -v "$name") || continue
    ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null || return 0
  done
  fail "There is no Python 3.11 or newer on PATH." "On Debian 12: apt-get install python3"
}

# need_venv [dev]: the project and what it needs, with `dev` also tests, documentation and linters.
# A stamp keeps which pyproject.toml was installed, and from where.
need_venv() {
  local group=${1:-run} stamp wanted
  wanted="$(sha256sum < pyproject.toml) $PWD"
  for stamp in "$VENV/.installed-$group" "$VENV/.installed-dev"; do
    if [ -x "$PYTHON" ] && [ "$(cat "$stamp" 2> /dev/null)" = "$wanted" ]; then return; fi
  done
  if ! "$PYTHON" -c '' 2> /dev/null; then
    find_python
    step "Making the virtual environment" "$python" -m venv --clear "$VENV"
  fi
  if [ "$group" = dev ]; then
    # Debian 12's pip is older than --group.
    step "Updating pip" "$PYTHON" -m pip install --upgrade 'pip>=25.1'
    step "Installing doctest-nix, and what its tests need" \
      "$PYTHON" -m pip install --editable '.' --group dev
  else
    step "Installing doctest-nix" "$PYTHON" -m pip install --editable '.'
  fi
  echo "$wanted" > "$VENV/.installed-$group"
}

# ---- the container engine

# Use the engine that answers; start a private one where none does, and stop it at the end.
need_engine() {
  ! engine_answers || return 0
  [ -z "${DOCKER_HOST:-}" ] || echo "    nothing answers at DOCKER_HOST=$DOCKER_HOST"
  unset DOCKER_HOST
  stop_stale_engine
  # An engine of our own has no image at first; asking Debian's registry once is enough.
  need_packages engine mmdebstrap
  # On a machine with an init system the package has started an engine.
  ! engine_answers || return 0
  start_engine
}

engine_answers() {
  "$PYTHON" -c 'import docker; docker.from_env(timeout=5).ping()' > /dev/null 2>&1
}

start_engine() {
  may_be_root || fail "No container engine answers, and starting one needs root." \
    "Start Docker, or set DOCKER_HOST to where an engine listens."
  # A socket's path must be shorter than 108 bytes: it cannot stand below the checkout.
  runtime=$(mktemp -d /tmp/doctest-nix.XXXXXX)
  mkdir -p "$STATE/engine"
  echo "$runtime" > "$STATE/engine/runtime"
  trap 'stop_engine' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  say "Starting a private container engine"
  # Containers of the tests have no network, so the machine's is left as it is.  The engine has a
  # session of its own: Ctrl-C must reach the tests first.
  as_root env "PATH=$PATH:/usr/sbin:/sbin" setsid dockerd \
    --host "unix://$runtime/docker.sock" --group "$(id -g)" \
    --data-root "$STATE/engine/data" --exec-root "$runtime/exec" --pidfile "$STATE/engine/pid" \
    --bridge none --iptables=false --ip6tables=false --ip-forward=false \
    > "$STATE/engine.log" 2>&1 < /dev/null {lock}>&- &
  local process=$! started=$SECONDS
  export DOCKER_HOST=unix://$runtime/docker.sock
  until engine_answers; do
    [ -d "/proc/$process" ] || engine_failed "it ended"
    [ $((SECONDS - started)) -lt "$ENGINE_DEADLINE" ] ||
      engine_failed "it did not answer within $ENGINE_DEADLINE s"
    sleep 0.2
  done
  echo "    $DOCKER_HOST"
}

engine_failed() {
  tail -n 20 "$STATE/engine.log" >&2
  fail "The private container engine did not start: $1." \
    "The whole log is $STATE/engine.log." "Start Docker yourself, or set DOCKER_HOST."
}

# End the engine of this checkout, if it runs, and remove what it left outside.
stop_engine() {
  local pid runtime waited=0
  runtime=$(cat "$STATE/engine/runtime" 2> /dev/null) || return 0
  pid=$(cat "$STATE/engine/pid" 2> /dev/null || true)
  # The number may meanwhile belong to another program.
  if [ -n "$pid" ] && grep -qsF "$STATE/engine/data" "/proc/$pid/cmdline"; then
    as_root kill "$pid" || true
    while [ -d "/proc/$pid" ] && [ "$waited" -lt $((ENGINE_DEADLINE * 5)) ]; do
      sleep 0.2
      waited=$((waited + 1))
    done
    [ ! -d "/proc/$pid" ] || as_root kill -9 "$pid" || true
  fi
  pid=$(as_root cat "$runtime/exec/containerd/containerd.pid" 2> /dev/null || true)
  if [ -n "$pid" ] && grep -qsF "$runtime" "/proc/$pid/cmdline"; then as_root kill "$pid" || true; fi
  case $runtime in /tmp/doctest-nix.*) as_root rm -rf "$runtime" ;; esac
  as_root rm -f "$STATE/engine/pid" "$STATE/engine/runtime"
}

# A run that was killed with -9 leaves its engine running.
stop_stale_engine() {
  [ ! -e "$STATE/engine/runtime" ] || {
    say "Stopping the engine that an earlier run left"
    stop_engine
  }
}

need_image() {
  export DOCTEST_NIX_TEST_IMAGE=$IMAGE
  ! "$PYTHON" -c 'import docker, sys; docker.from_env().images.get(sys.argv[1])' "$IMAGE" \
    > /dev/null 2>&1 || return 0
  need_packages mmdebstrap
  step "Building the image $IMAGE from Debian's packages" \
    "$PYTHON" -m doctest_nix image build --suite "$SUITE" --tag "$IMAGE"
}

main "$@"
