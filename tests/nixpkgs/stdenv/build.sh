# The builder of every package: run its phases.
# shellcheck shell=bash source=setup.sh
source "$stdenv/setup"
trap '_exitHandler' EXIT
genericBuild
