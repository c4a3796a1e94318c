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
# Nix 2.26, and the newest: with the 2.8 of Debian 12 they are the versions of the tests.
readonly SUITES=(trixie sid)

# shellcheck source=tools/engine.sh
source tools/engine.sh

main() {
  local target=$1
  shift
  mkdir -p "$STATE"
  trap finish EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
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

# What runs on behalf of this script, and ends with it.
step_group=

finish() {
  [ -z "$step_group" ] || kill -- "-$step_group" 2> /dev/null || true
  stop_own_engine
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
  gate format "$VENV/bin/ruff" format --check .
  gate lint "$VENV/bin/ruff" check .
  gate scripts "$VENV/bin/shellcheck" tools/*.sh benchmarks/*.sh .ci/run
  gate types "$VENV/bin/mypy"
  gate documentation sphinx
  "$PYTHON" -m coverage erase
  gate tests "$PYTHON" -m coverage run -m pytest
  "$PYTHON" -m coverage combine --quiet || true
  gate coverage "$PYTHON" -m coverage report
  [ "${#closed[@]}" = 0 ] || fail "make check: not right yet: ${closed[*]}."
  say "All is well"
}

# gate NAME COMMAND…: go on after a failure, so that one run tells all of them.
closed=()
gate() {
  say "Checking: $1"
  "${@:2}" || closed+=("$1")
}

build_docs() {
  need_venv dev
  say "Building the documentation"
  sphinx
  echo "    docs/_build/html/index.html"
}

sphinx() {
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
  need_packages bubblewrap nix podman ip
  need_venv dev
  need_engine
  need_images "${SUITES[@]}"
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
  local title=$1 started=$SECONDS status=0 shown=0 line begin
  shift
  say "$title"
  printf '\n### %s\n' "$title" >> "$LOG"
  begin=$(wc -c < "$LOG")
  # Job control gives it a process group of its own: Ctrl-C then ends all of it, by `finish`.
  set -m
  "$@" >> "$LOG" 2>&1 < /dev/null &
  step_group=$!
  set +m
  while [ -d "/proc/$step_group" ]; do
    sleep 0.2
    [ -t 1 ] || [ $((SECONDS - started)) -ge $((shown + 10)) ] || continue
    shown=$((SECONDS - started))
    line=$(tail -n 1 "$LOG" | tr -cd '[:print:]')
    if [ -t 1 ]; then printf '\r\033[K'; fi
    printf '    %3d s  %.66s' "$shown" "$line"
    [ -t 1 ] || echo
  done
  [ ! -t 1 ] || printf '\r\033[K'
  wait "$step_group" || status=$?
  step_group=
  if [ "$status" != 0 ]; then
    tail -c +$((begin + 1)) "$LOG" | tail -n 30 >&2
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

# need_packages WHAT…: bubblewrap, nix, python-venv, engine, podman, ip and mmdebstrap, where missing.
need_packages() {
  local missing=() what
  [ -x "$PYTHON" ] || set -- "$@" python-venv
  for what in "$@"; do
    case $what in
      bubblewrap) on_path bwrap || missing+=(bubblewrap) ;;
      nix) on_path nix-shell || missing+=(nix-bin) ;;
      engine) on_path dockerd || missing+=(docker.io) ;;
      podman)
        on_path podman || missing+=(podman)
        # What runs containers for it, and their first process, which Debian only recommends.
        on_path runc || missing+=(runc)
        [ -x /usr/libexec/podman/catatonit ] || on_path catatonit || missing+=(catatonit)
        ;;
      ip) on_path ip || missing+=(iproute2) ;;
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
  if ! "$PYTHON" -m pip --version > /dev/null 2>&1; then
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

main "$@"
