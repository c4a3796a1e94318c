# shellcheck shell=bash disable=SC2154  # STATE, PYTHON and lock are bootstrap.sh's
# Sourced by bootstrap.sh: the container engine of the tests, found or started, and its image.

# Seconds that the private engine has to answer after its start, and to end when told to.
readonly ENGINE_DEADLINE=60

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

# Tell whether an engine answers, by the plugin's own rule; with an image, also whether it has it.
engine_answers() {
  local status=0
  "$PYTHON" - "$@" << 'PYTHON' || status=$?
import sys
from doctest_nix.errors import SandboxError
from doctest_nix.sandbox.image import connect, present

try:
    client = connect()
    sys.exit(0 if all(present(client, image) for image in sys.argv[1:]) else 3)
except SandboxError:
    sys.exit(3)
PYTHON
  case $status in
    0) return 0 ;;
    3) return 1 ;;
    *) fail "The plugin cannot ask for an engine; its own error stands above." ;;
  esac
}

start_engine() {
  may_be_root || fail "No container engine answers, and starting one needs root." \
    "Start Docker, or set DOCKER_HOST to where an engine listens."
  # A socket's path must be shorter than 108 bytes: it cannot stand below the checkout.
  runtime=$(mktemp -d /tmp/doctest-nix.XXXXXX)
  mkdir -p "$STATE/engine"
  echo "$runtime" > "$STATE/engine/runtime"
  own_engine=yes
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

# End the engine that this very run started: another run of this checkout may have its own.
own_engine=
stop_own_engine() { [ -z "$own_engine" ] || stop_engine; }

# End the engine of this checkout, if it runs, and remove what it left outside.
stop_engine() {
  local runtime
  runtime=$(cat "$STATE/engine/runtime" 2> /dev/null) || return 0
  end_process "$(cat "$STATE/engine/pid" 2> /dev/null)" "$STATE/engine/data"
  end_process "$(as_root cat "$runtime/exec/containerd/containerd.pid" 2> /dev/null)" "$runtime"
  unmount_below "$STATE/engine/data"
  unmount_below "$runtime"
  case $runtime in /tmp/doctest-nix.*) as_root rm -rf "$runtime" ;; esac
  as_root rm -f "$STATE/engine/pid" "$STATE/engine/runtime"
}

# end_process PID WORD: end it if WORD stands in its command line, for the number may meanwhile
# belong to another program.
end_process() {
  local pid=$1 signal waited
  for signal in TERM KILL; do
    if [ -z "$pid" ] || ! grep -qsF "$2" "/proc/$pid/cmdline"; then return 0; fi
    # Not sudo's own kill: that is a program, and a small Debian has none.
    # shellcheck disable=SC2016  # they are the inner shell's arguments
    as_root bash -c 'kill -s "$1" "$2"' bash "$signal" "$pid" || true
    for ((waited = 0; waited < ENGINE_DEADLINE * 5; waited++)); do
      [ -d "/proc/$pid" ] || return 0
      sleep 0.2
    done
  done
}

# An engine that was killed leaves its mounts.  Blanks of a path are \040 in the kernel's list.
unmount_below() {
  local place
  while read -r _ place _; do
    case $place in
      "${1// /\\040}" | "${1// /\\040}"/*) as_root umount --lazy "$(printf '%b' "$place")" || true ;;
    esac
  done < <(tac /proc/self/mounts)
}

# A run that was killed with -9 leaves its engine running.
stop_stale_engine() {
  [ ! -e "$STATE/engine/runtime" ] || {
    say "Stopping the engine that an earlier run left"
    stop_engine
  }
}

# need_images SUITE…: an image of each; the first is the one of most tests.
need_images() {
  local suite image build
  export DOCTEST_NIX_TEST_IMAGE=doctest-nix:$1
  for suite in "$@"; do
    image=doctest-nix:$suite
    ! engine_answers "$image" || continue
    need_packages mmdebstrap
    build=("$PYTHON" -B -m doctest_nix image build --suite "$suite" --tag "$image")
    # Without root, mmdebstrap needs more of a machine than a bare one has.
    if may_be_root; then
      build=(as_root env ${DOCKER_HOST:+"DOCKER_HOST=$DOCKER_HOST"} "${build[@]}")
    fi
    step "Building the image $image from Debian's packages" "${build[@]}"
  done
}
