# shellcheck shell=sh disable=SC2154 source=find-program.sh
# Build the package bash: links to the system's.  Run by the system's sh, whichever that is.
set -e
. "$findProgram"

if ! find_program bash; then
  echo "the offline package set needs bash, and this system has none in the usual places" >&2
  exit 1
fi
bash=$program
find_program mkdir
"$program" -p "$out/bin"
find_program ln
"$program" -s "$bash" "$out/bin/bash"
"$program" -s "$bash" "$out/bin/sh"
