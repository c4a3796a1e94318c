# Build stdenv: the file that builders and nix-shell source, with its places filled in.
# shellcheck shell=bash disable=SC2154
PATH=$tools/bin
mkdir "$out"
text=$(< "$setup")
text=${text//@tools@/"$tools"}
printf '%s\n' "${text//@bash@/"$bash"}" > "$out/setup"
