#!/bin/sh
# A bash in a container of its own, for testers that type into a shell of this machine.
# It ends when its terminal does.
set -eu
container=$(docker run --rm -dit --network none -e TERM=dumb \
  "${DOCTEST_NIX_TEST_IMAGE:-doctest-nix:trixie}" \
  sh -c 'stty -echo; exec bash --norc --noprofile')
exec docker attach "$container"
