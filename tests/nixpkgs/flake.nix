{
  description = "A small offline package set with the names of Nixpkgs";

  outputs =
    { self }:
    let
      lib = import ./lib;
    in
    {
      inherit lib;
      legacyPackages = lib.genAttrs lib.systems.flakeExposed (system: import self { inherit system; });
    };
}
