# shellcheck shell=bash
# makeWrapper PROGRAM WRAPPER OPTIONS…: a script that sets the environment and runs PROGRAM.
makeWrapper() {
  local program=$1 wrapper=$2 flags='' argv0='$0'
  shift 2
  if [ ! -x "$program" ]; then
    echo "Cannot wrap '$program' because it is not an executable file" >&2
    return 1
  fi
  mkdir -p "$(dirname "$wrapper")"
  {
    echo "#!$SHELL -e"
    while [ $# -gt 0 ]; do
      case $1 in
        --set) printf 'export %s=%q\n' "$2" "$3" && shift 3 ;;
        --set-default) printf 'export %s=${%s-%q}\n' "$2" "$2" "$3" && shift 3 ;;
        --unset) printf 'unset %s\n' "$2" && shift 2 ;;
        --chdir) printf 'cd %q\n' "$2" && shift 2 ;;
        --run) printf '%s\n' "$2" && shift 2 ;;
        --prefix) printf 'export %s=%q${%s:+%q$%s}\n' "$2" "$4" "$2" "$3" "$2" && shift 4 ;;
        --suffix) printf 'export %s=${%s:+$%s%q}%q\n' "$2" "$2" "$2" "$3" "$4" && shift 4 ;;
        --add-flag) printf -v flags '%s %q' "$flags" "$2" && shift 2 ;;
        --add-flags) flags+=" $2" && shift 2 ;;
        --argv0) argv0=$2 && shift 2 ;;
        --inherit-argv0) shift ;;
        *)
          echo "makeWrapper doesn't understand the arg $1" >&2
          return 1
          ;;
      esac
    done
    printf 'exec -a "%s" "%s"%s "$@"\n' "$argv0" "$program" "$flags"
  } > "$wrapper"
  chmod +x "$wrapper"
}

# wrapProgram PROGRAM OPTIONS…: the same in place; the program moves to .PROGRAM-wrapped.
wrapProgram() {
  local program=$1 hidden
  hidden=$(dirname "$program")/.$(basename "$program")-wrapped
  mv "$program" "$hidden"
  makeWrapper "$hidden" "$program" --inherit-argv0 "${@:2}"
}
