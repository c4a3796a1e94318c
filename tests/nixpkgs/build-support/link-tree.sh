# shellcheck shell=bash
# linkTree FROM TO: the directories of FROM made in TO, its files as links.
#
# Where a name is taken the first stays; with `collision=error` that is an error, unless both
# are the same file.
linkTree() {
  local from=$1 to=$2 entry target
  [ -d "$from" ] || return 0
  mkdir -p "$to"
  shopt -s nullglob dotglob
  for entry in "$from"/*; do
    target=$to/${entry##*/}
    if [ "$target" = "$to/nix-support" ] && [ "$to" = "$out" ]; then
      continue
    elif [ -d "$entry" ]; then
      linkTree "$entry" "$target"
    elif [ ! -e "$target" ] && [ ! -L "$target" ]; then
      ln -s "$(readlink -f "$entry")" "$target"
    elif [ "${collision:-}" = error ] && ! [ "$entry" -ef "$target" ]; then
      echo "error: collision between \`$entry' and \`$(readlink "$target")'" >&2
      exit 1
    fi
  done
}
