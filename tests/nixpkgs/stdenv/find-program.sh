# shellcheck shell=sh
# Sourced by sh or bash: find_program NAME sets `program` to the place of a program of the system.
#
# The places are fixed, since a builder has no PATH: those of Debian and other common systems
# first, then those of the official Nix image.  Links are followed where they lead into the store
# or another profile, so that what is found stays what it was.

find_program() {
  for directory in /usr/local/bin /usr/bin /bin /run/current-system/sw/bin \
    /nix/var/nix/profiles/default/bin /root/.nix-profile/bin; do
    if [ -x "$directory/$1" ] && [ ! -d "$directory/$1" ]; then
      program=$directory/$1
      return 0
    fi
  done
  return 1
}
