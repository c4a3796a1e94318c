# The library: `import <nixpkgs/lib>`, and `lib` in the package set.
#
# Only functions that tutorials use, with the names, arguments and results of the original.
let
  part = file: import file { inherit lib; };

  parts = rec {
    trivial = part ./trivial.nix;
    fixedPoints = part ./fixed-points.nix;
    lists = part ./lists.nix;
    attrsets = part ./attrsets.nix;
    strings = part ./strings.nix;
    customisation = part ./customisation.nix;
    meta = part ./meta.nix;
    sources = part ./sources.nix;
    fileset = part ./fileset.nix;
    generators = part ./generators.nix;
    debug = part ./debug.nix;
    systems = part ./systems.nix;

    inherit (systems) platforms;
    licenses = import ./licenses.nix;
    maintainers = { };
    teams = { };

    fakeHash = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    fakeSha256 = "0000000000000000000000000000000000000000000000000000000000000000";
    fakeSha512 = fakeSha256 + fakeSha256;
  };

  # The functions of these parts stand at the top as well, as in the original.
  lib =
    parts.trivial
    // parts.fixedPoints
    // parts.lists
    // parts.attrsets
    // parts.strings
    // parts.customisation
    // parts.meta
    // parts.sources
    // parts.debug
    // parts;
in
lib
