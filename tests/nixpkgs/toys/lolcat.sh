#!/bin/bash
# Files, or standard input, with a colour for each line where they go to a terminal.
force=no
while [[ ${1-} == -?* ]]; do
  case $1 in
    -f | --force) force=yes ;;
    -h | --help) echo "Usage: lolcat [OPTION]... [FILE]..." && exit 0 ;;
    -v | --version) echo "lolcat 100.0.1" && exit 0 ;;
    *)
      echo "lolcat: unknown argument '$1'" >&2
      exit 1
      ;;
  esac
  shift
done
if [ "$force" = no ] && [ ! -t 1 ]; then exec cat -- "$@"; fi

colours=(196 208 226 118 51 27 93 201)
number=0
while IFS= read -r line || [ -n "$line" ]; do
  printf '\e[38;5;%dm%s\e[0m\n' "${colours[number++ % ${#colours[@]}]}" "$line"
done < <(cat -- "$@")
