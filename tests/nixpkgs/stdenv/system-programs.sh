# shellcheck shell=bash disable=SC2154 source=find-program.sh
# Build a package that links to programs of the system.
#
# `programs` must be there, `optional` are taken where they are.
set -e
. "$findProgram"

declare -A found
missing=()
for name in $programs; do
  if find_program "$name"; then found[$name]=$program; else missing+=("$name"); fi
done
for name in $optional; do
  if find_program "$name"; then found[$name]=$program; fi
done
if [ "${#missing[@]}" -gt 0 ]; then
  echo "the offline package set takes $pname from the system, and this one has no ${missing[*]}" >&2
  exit 1
fi
find_program mkdir
"$program" -p "$out/bin"
find_program ln
"$program" -s "${found[@]}" "$out/bin/"
