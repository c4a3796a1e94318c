# The package set: `import <nixpkgs> { }`.
#
# It is our own, small and offline: its packages are shell scripts, or links to programs that the
# system has.  It stands in for Nixpkgs where there is no network, with the same names and shapes.
{
  system ? localSystem.system or localSystem,
  localSystem ? builtins.currentSystem,
  crossSystem ? null,
  config ? { },
  overlays ? [ ],
  ...
}:
let
  lib = import ./lib;

  base = import ./stdenv { inherit lib system config; };

  packages =
    final:
    import ./build-support { inherit lib final base; }
    // import ./packages.nix { inherit final base; }
    // {
      inherit lib system config;
      inherit (final.stdenv) hostPlatform buildPlatform targetPlatform;
      inherit (base) stdenv stdenvNoCC;
      pkgs = final;
      path = ./.;
      overlays = overlays;

      callPackage = lib.callPackageWith (final // { callPackage = final.callPackage; });
      callPackages = lib.callPackagesWith final;
      newScope = extra: lib.callPackageWith (final // extra);
      makeScope = lib.makeScope;
      extend = overlay: lib.fix (lib.extends overlay (lib.extends all packages));
      appendOverlays = more: lib.fix (lib.extends (lib.composeManyExtensions ([ all ] ++ more)) packages);
    };

  # `config.packageOverrides` is the oldest kind of overlay.
  all = lib.composeManyExtensions (
    overlays
    ++ lib.optional (config ? packageOverrides) (_: prev: (lib.toFunction config.packageOverrides) prev)
  );
in
lib.fix (lib.extends all packages)
