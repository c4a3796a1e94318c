# shellcheck shell=bash
# What builders and nix-shell source: PATH from the inputs, phases, and the functions they use.
#
# Names, messages and order are those that a reader of Nix tutorials knows.  Only bash and
# coreutils are needed, because more is not to be had everywhere.

set -e

# Code of a package runs below these functions and sees their local variables, hence the underscores.
: "${outputs:=out}"

# ---- hooks

# Run `NAME` (a function, or code in a variable of that name) after all of the array `NAMEHooks`.
runHook() {
  local hookName=$1 _hook
  shift
  local -n _hooks="${hookName%Hook}Hooks"
  for _hook in "${_hooks[@]}"; do
    _run "$_hook" "$@"
  done
  _run "$hookName" "$@"
}

# As runHook; there are no failing hooks to stop at here.
runOneHook() { runHook "$@"; }

_run() {
  local _code=$1
  shift
  if declare -F "$_code" > /dev/null; then
    "$_code" "$@"
  elif [[ ! $_code =~ ^[A-Za-z_][A-Za-z0-9_]*$ ]]; then
    eval "$_code"
  elif [ -n "${!_code+set}" ]; then
    eval "${!_code}"
  fi
}

_exitHandler() {
  local status=$?
  set +e
  if [ "$status" -ne 0 ]; then
    runHook failureHook
    if [ -n "${succeedOnFailure:-}" ]; then
      echo "build failed with exit code $status (ignored)"
      mkdir -p "$out/nix-support"
      echo "$status" > "$out/nix-support/failed"
      exit 0
    fi
  else
    runHook exitHook
  fi
  exit "$status"
}

# ---- messages

echoCmd() {
  printf '%s:' "$1"
  shift
  printf ' %q' "$@"
  echo
}
nixLog() { [ "${NIX_DEBUG:-0}" -lt "$1" ] || echo "${@:2}" >&2; }
nixErrorLog() { echo "$@" >&2; }

# ---- search paths

addToSearchPathWithCustomDelimiter() {
  if [ -d "$3" ]; then
    export "$2=${!2:+${!2}$1}$3"
  fi
}
addToSearchPath() { addToSearchPathWithCustomDelimiter : "$@"; }
prependToSearchPath() {
  if [ -d "$2" ]; then
    export "$1=$2${!1:+:${!1}}"
  fi
}
addEnvHooks() {
  shift
  envHooks+=("$@")
}

PATH=
addToSearchPath PATH "@tools@/bin"
PATH=$PATH:@bash@/bin
HOST_PATH=
envHooks=()
SHELL=@bash@/bin/bash
CONFIG_SHELL=@bash@/bin/bash
export SHELL CONFIG_SHELL

_visited=' '
_inputs=()
_findInput() {
  local package=$1 next
  case $_visited in *" $package "*) return ;; esac
  _visited+="$package "
  _inputs+=("$package")
  if [ -f "$package" ]; then
    source "$package"
    return
  fi
  for next in propagated-build-inputs propagated-native-build-inputs; do
    if [ -f "$package/nix-support/$next" ]; then
      for next in $(< "$package/nix-support/$next"); do
        _findInput "$next"
      done
    fi
  done
  if [ -f "$package/nix-support/setup-hook" ]; then
    source "$package/nix-support/setup-hook"
  fi
}

_setUpInputs() {
  local _package _hook _path=
  # shellcheck disable=SC2154,SC2086
  for _package in ${nativeBuildInputs-} ${propagatedNativeBuildInputs-} ${buildInputs-} \
    ${propagatedBuildInputs-} ${defaultNativeBuildInputs-}; do
    _findInput "$_package"
  done
  for _package in "${_inputs[@]}"; do
    addToSearchPath _path "$_package/bin"
    addToSearchPath HOST_PATH "$_package/bin"
    addToSearchPath XDG_DATA_DIRS "$_package/share"
    for _hook in "${envHooks[@]}"; do
      "$_hook" "$_package"
    done
  done
  PATH=${_path:+$_path:}$PATH
  export PATH
}
runHook preHook
_setUpInputs
export NIX_BUILD_TOP=${NIX_BUILD_TOP-}
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-315532800}
prefix=${prefix:-${out-}}

# ---- text

stripHash() {
  local name=${1##*/}
  [[ $name =~ ^[a-z0-9]{32}- ]] && name=${name:33}
  printf '%s\n' "$name"
}

substituteStream() {
  local variable=$1 description=$2 pattern value strict
  shift 2
  while [ $# -gt 0 ]; do
    case $1 in
      --replace | --replace-fail | --replace-warn | --replace-quiet)
        strict=$1 pattern=$2 value=$3
        shift 3
        if [[ ${!variable} != *"$pattern"* ]]; then
          case $strict in
            --replace-fail)
              echo "substituteStream() in derivation $name: ERROR: pattern $pattern doesn't match anything in $description" >&2
              return 1
              ;;
            --replace | --replace-warn)
              echo "substituteStream() in derivation $name: WARNING: pattern $pattern doesn't match anything in $description" >&2
              ;;
          esac
        fi
        ;;
      --subst-var)
        pattern=@$2@ value=${!2-}
        shift 2
        ;;
      --subst-var-by)
        pattern=@$2@ value=$3
        shift 3
        ;;
      *)
        echo "substituteStream() in derivation $name: ERROR: Invalid command line argument: $1" >&2
        return 1
        ;;
    esac
    printf -v "$variable" '%s' "${!variable//"$pattern"/"$value"}"
  done
}

# substitute INPUT OUTPUT ARGUMENTS…
substitute() {
  local input=$1 output=$2 content
  shift 2
  if [ ! -f "$input" ]; then
    echo "substitute(): ERROR: file '$input' does not exist" >&2
    return 1
  fi
  content=$(cat "$input" && printf .)
  content=${content%.}
  substituteStream content "file '$input'" "$@" || return
  if [ -e "$output" ]; then chmod +w "$output"; fi
  printf '%s' "$content" > "$output"
}

substituteInPlace() {
  local files=() file
  while [ $# -gt 0 ] && [[ $1 != --* ]]; do
    files+=("$1")
    shift
  done
  for file in "${files[@]}"; do
    substitute "$file" "$file" "$@" || return
  done
}

# Replace @variable@ for every exported variable whose name begins with a small letter.
substituteAll() {
  local arguments=() variable
  for variable in $(compgen -e); do
    if [[ $variable == [a-z]* ]]; then arguments+=(--subst-var "$variable"); fi
  done
  substitute "$1" "$2" "${arguments[@]}"
}
substituteAllInPlace() {
  local file=$1
  substituteAll "$file" "$file"
}

# patchShebangs [--build|--host|--update] PATH…: interpreters of scripts become those on PATH.
patchShebangs() {
  local file first interpreter words program
  while [[ ${1-} == --* ]]; do shift; done
  while IFS= read -r -d '' file; do
    first=
    IFS= read -r first < "$file" 2> /dev/null || true
    [[ $first == '#!'* && $first != *"$NIX_STORE"* ]] || continue
    read -ra words <<< "${first#'#!'}"
    interpreter=${words[0]-}
    if [[ $interpreter == */env ]]; then
      words=("${words[@]:1}")
      [ "${words[0]-}" != -S ] || words=("${words[@]:1}")
      interpreter=${words[0]-}
    fi
    program=$(type -P "${interpreter##*/}") || continue
    echo "$file: interpreter directive changed from \"${first}\" to \"${program}${words[*]:+${words[*]:1:1}}\""
    _replaceFirstLine "$file" "#!$program ${words[*]:1}"
  done < <(_executables "$@")
}
_executables() {
  local path
  shopt -s nullglob dotglob
  for path in "$@"; do
    if [ -d "$path" ]; then _executables "$path"/*; elif [ -f "$path" ] && [ -x "$path" ] && [ ! -L "$path" ]; then
      printf '%s\0' "$path"
    fi
  done
}
_replaceFirstLine() {
  local new=$1.patched
  { printf '%s\n' "${2%% }" && tail -n +2 "$1"; } > "$new"
  chmod --reference="$1" "$new"
  mv "$new" "$1"
}

# ---- phases

showPhaseHeader() { echo "Running phase: $1"; }

_defaultUnpack() {
  local archive=$1 target
  if [ -d "$archive" ]; then
    target=$(stripHash "$archive")
    if [ -e "$target" ]; then
      echo "Cannot copy $archive to $target: destination already exists!" >&2
      return 1
    fi
    cp -pr "$archive" "$target"
    return
  fi
  case $archive in
    *.tar | *.tar.* | *.tgz | *.tbz2 | *.txz)
      tar xf "$archive" --mode=+w --warning=no-timestamp
      ;;
    *.zip) unzip -qq "$archive" ;;
    *) return 1 ;;
  esac
}
unpackFile() {
  echo "unpacking source archive $1"
  if ! _defaultUnpack "$1"; then
    echo "do not know how to unpack source archive $1" >&2
    exit 1
  fi
}

unpackPhase() {
  runHook preUnpack
  local archive before=' ' entry
  # shellcheck disable=SC2154
  if [ -z "${srcs:-}" ]; then
    if [ -z "${src:-}" ]; then
      echo "variable \$src or \$srcs should point to the source" >&2
      exit 1
    fi
    srcs=$src
  fi
  for entry in *; do
    if [ -d "$entry" ]; then before+="$entry "; fi
  done
  for archive in $srcs; do
    unpackFile "$archive"
  done
  if [ -n "${setSourceRoot:-}" ]; then
    runHook setSourceRoot
  elif [ -z "${sourceRoot:-}" ]; then
    sourceRoot=
    for entry in *; do
      if [ -d "$entry" ] && [[ $before != *" $entry "* ]]; then
        if [ -n "$sourceRoot" ]; then
          echo "unpacker produced multiple directories" >&2
          exit 1
        fi
        sourceRoot=$entry
      fi
    done
  fi
  if [ -z "$sourceRoot" ]; then
    echo "unpacker appears to have produced no directories" >&2
    exit 1
  fi
  echo "source root is $sourceRoot"
  if [ "${dontMakeSourcesWritable:-0}" != 1 ]; then chmod -R u+w -- "$sourceRoot"; fi
  runHook postUnpack
}

patchPhase() {
  runHook prePatch
  local file
  for file in ${patches-}; do
    echo "applying patch $file"
    # shellcheck disable=SC2086
    patch ${patchFlags:--p1} < "$file"
  done
  runHook postPatch
}

configurePhase() {
  runHook preConfigure
  if [ -z "${configureScript:-}" ] && [ -x ./configure ]; then configureScript=./configure; fi
  if [ -n "${configureScript:-}" ]; then
    local flags=()
    if [ -z "${dontAddPrefix:-}" ]; then flags+=("${prefixKey:---prefix=}$prefix"); fi
    # shellcheck disable=SC2206
    flags+=(${configureFlags-})
    echo "configure flags: ${flags[*]}"
    # shellcheck disable=SC2086
    $configureScript "${flags[@]}"
  else
    echo "no configure script, doing nothing"
  fi
  runHook postConfigure
}

_hasMakefile() { [ -n "${makefile:-}" ] || [ -e Makefile ] || [ -e makefile ] || [ -e GNUmakefile ]; }
_make() {
  local flags=("SHELL=$SHELL")
  # shellcheck disable=SC2206
  flags+=(${makeFlags-} "$@")
  echo "${1:-build} flags: ${flags[*]}"
  make ${makefile:+-f "$makefile"} "${flags[@]}"
}

buildPhase() {
  runHook preBuild
  if [ -z "${makeFlags-}" ] && ! _hasMakefile; then
    echo "no Makefile or custom buildPhase, doing nothing"
  else
    # shellcheck disable=SC2086
    _make ${buildFlags-}
  fi
  runHook postBuild
}

checkPhase() {
  runHook preCheck
  if _hasMakefile; then
    # shellcheck disable=SC2086
    _make ${checkTarget:-check} ${checkFlags-}
  else
    echo "no Makefile or custom checkPhase, doing nothing"
  fi
  runHook postCheck
}

installPhase() {
  runHook preInstall
  if [ -z "${makeFlags-}" ] && ! _hasMakefile; then
    echo "no Makefile or custom installPhase, doing nothing"
  else
    if [ -n "$prefix" ]; then mkdir -p "$prefix"; fi
    # shellcheck disable=SC2086
    _make ${installTargets:-install} ${installFlags-}
  fi
  runHook postInstall
}

fixupPhase() {
  local output
  for output in $outputs; do
    if [ -e "${!output}" ] && [ ! -L "${!output}" ]; then chmod -R u+w "${!output}"; fi
  done
  runHook preFixup
  for output in $outputs; do
    if [ -d "${!output}/bin" ] && [ -z "${dontPatchShebangs:-}" ]; then
      echo "patching script interpreter paths in ${!output}"
      patchShebangs "${!output}/bin"
    fi
  done
  local file variable
  for variable in propagatedBuildInputs propagatedNativeBuildInputs; do
    case $variable in
      propagatedBuildInputs) file=propagated-build-inputs ;;
      *) file=propagated-native-build-inputs ;;
    esac
    if [ -n "${!variable:-}" ]; then
      mkdir -p "$out/nix-support"
      printf '%s ' "${!variable}" > "$out/nix-support/$file"
    fi
  done
  if [ -n "${setupHook:-}" ]; then
    mkdir -p "$out/nix-support"
    substituteAll "$setupHook" "$out/nix-support/setup-hook"
  fi
  runHook postFixup
}

installCheckPhase() {
  runHook preInstallCheck
  if _hasMakefile && make -n "${installCheckTarget:-installcheck}" > /dev/null 2>&1; then
    _make "${installCheckTarget:-installcheck}"
  else
    echo "no Makefile or custom installCheckPhase, doing nothing"
  fi
  runHook postInstallCheck
}

runPhase() {
  local curPhase=$1
  case $curPhase in
    unpackPhase) [ -z "${dontUnpack:-}" ] || return 0 ;;
    patchPhase) [ -z "${dontPatch:-}" ] || return 0 ;;
    configurePhase) [ -z "${dontConfigure:-}" ] || return 0 ;;
    buildPhase) [ -z "${dontBuild:-}" ] || return 0 ;;
    checkPhase) [ -n "${doCheck:-}" ] || return 0 ;;
    installPhase) [ -z "${dontInstall:-}" ] || return 0 ;;
    fixupPhase) [ -z "${dontFixup:-}" ] || return 0 ;;
    installCheckPhase) [ -n "${doInstallCheck:-}" ] || return 0 ;;
  esac
  showPhaseHeader "$curPhase"
  # A variable of that name goes before the function: that is how a package replaces a phase.
  eval "${!curPhase:-$curPhase}"
  if [ "$curPhase" = unpackPhase ]; then
    if [ -n "${sourceRoot:-}" ]; then chmod +x -- "$sourceRoot"; fi
    cd -- "${sourceRoot:-.}"
  fi
}

definePhases() {
  if [ -z "${phases[*]:-}" ]; then
    phases="${prePhases-} unpackPhase patchPhase ${preConfigurePhases-} configurePhase \
      ${preBuildPhases-} buildPhase checkPhase ${preInstallPhases-} installPhase \
      ${preFixupPhases-} fixupPhase installCheckPhase ${preDistPhases-} ${postPhases-}"
  fi
}

genericBuild() {
  export GZIP_NO_TIMESTAMPS=1
  if [ -f "${buildCommandPath:-}" ]; then
    source "$buildCommandPath"
    return
  fi
  if [ -n "${buildCommand:-}" ]; then
    eval "$buildCommand"
    return
  fi
  definePhases
  local curPhase
  # shellcheck disable=SC2048
  for curPhase in ${phases[*]}; do
    runPhase "$curPhase"
  done
}

runHook postHook
