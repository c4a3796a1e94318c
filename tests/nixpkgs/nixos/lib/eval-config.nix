# A toy of NixOS: a few options, and modules that may set no others.
{
  system ? builtins.currentSystem,
  modules,
}:
let
  options = {
    imports = [ ];
    networking.hostName = "nixos";
    services.openssh.enable = false;
    environment.systemPackages = [ ];
  };

  call =
    module:
    if builtins.isPath module then
      call (import module)
    else if builtins.isFunction module then
      module {
        inherit config options;
        pkgs = import ../.. { inherit system; };
        lib = import ../../lib;
      }
    else
      module;

  merge =
    path: known: given:
    builtins.mapAttrs (
      name: old:
      if !(given ? ${name}) then
        old
      else if builtins.isAttrs old then
        merge (path ++ [ name ]) old given.${name}
      else
        given.${name}
    ) known
    // (
      let
        unknown = builtins.attrNames (builtins.removeAttrs given (builtins.attrNames known));
        name = builtins.concatStringsSep "." (path ++ [ (builtins.head unknown) ]);
      in
      if unknown == [ ] then { } else throw "The option `${name}' does not exist."
    );

  all = builtins.concatMap (
    module:
    let
      called = call module;
    in
    map call (called.imports or [ ]) ++ [ called ]
  ) modules;

  config = builtins.foldl' (merge [ ]) options all;
in
{
  inherit options;
  config = builtins.deepSeq (builtins.removeAttrs config [ "environment" ]) config;
}
