# `mkShell`: a package that is only meant for nix-shell.
{ lib, stdenv }:
{
  name ? "nix-shell",
  packages ? [ ],
  inputsFrom ? [ ],
  buildInputs ? [ ],
  nativeBuildInputs ? [ ],
  propagatedBuildInputs ? [ ],
  propagatedNativeBuildInputs ? [ ],
  ...
}@attrs:
let
  # Of the packages in `inputsFrom` their inputs are taken, not themselves.
  merge =
    kind: attrs.${kind} or [ ] ++ lib.subtractLists inputsFrom (lib.flatten (lib.catAttrs kind inputsFrom));
in
stdenv.mkDerivation (
  removeAttrs attrs [ "name" "packages" "inputsFrom" "buildInputs" "nativeBuildInputs" "shellHook" ]
  // {
    inherit name;
    buildInputs = merge "buildInputs";
    nativeBuildInputs = packages ++ merge "nativeBuildInputs";
    propagatedBuildInputs = merge "propagatedBuildInputs";
    propagatedNativeBuildInputs = merge "propagatedNativeBuildInputs";
    shellHook = lib.concatStringsSep "\n" (
      lib.catAttrs "shellHook" (lib.reverseList inputsFrom ++ [ attrs ])
    );
    phases = attrs.phases or [ "buildPhase" ];
    buildPhase =
      attrs.buildPhase or ''
        { echo "# The environment of a nix-shell; do not depend on what this file says."; export; } > $out
      '';
    preferLocalBuild = attrs.preferLocalBuild or true;
  }
)
