# Functions that can be called again with other arguments: `callPackage`, `override`, scopes.
{ lib }:
rec {
  # The result of `f arguments`, with an `override` that calls `f` again.
  makeOverridable =
    f:
    lib.mirrorFunctionArgs f (
      arguments:
      let
        result = f arguments;
        override = lib.mirrorFunctionArgs f (
          new: makeOverridable f (arguments // lib.toFunction new arguments)
        );
        # The same call, with its result changed.
        after = change: makeOverridable (lib.mirrorFunctionArgs f (args: change (f args))) arguments;
      in
      if lib.isAttrs result then
        result
        // {
          inherit override;
          overrideDerivation = change: after (drv: overrideDerivation drv change);
        }
        // lib.optionalAttrs (result ? overrideAttrs) {
          overrideAttrs = change: after (drv: drv.overrideAttrs change);
        }
      else if lib.isFunction result then
        lib.setFunctionArgs result (lib.functionArgs result) // { inherit override; }
      else
        result
    );

  overrideDerivation =
    drv: change: derivation (drv.drvAttrs // change drv) // { inherit (drv) meta passthru; };

  callPackageWith =
    scope: file: arguments:
    let
      f = if lib.isFunction file then file else import file;
      wanted = lib.functionArgs f;
      given = builtins.intersectAttrs wanted scope // arguments;
      missing = lib.filter (name: !(wanted.${name} || given ? ${name})) (lib.attrNames wanted);
      name = lib.head missing;
      position = builtins.unsafeGetAttrPos name wanted;
      place =
        if position != null then
          "at ${position.file}:${toString position.line}"
        else if lib.isFunction file then
          "in a function"
        else
          "in ${toString file}";
      near = lib.filter (other: lib.toLower other == lib.toLower name) (lib.attrNames scope);
      hint = if near == [ ] then "" else ", did you mean \"${lib.head near}\"?";
    in
    if missing == [ ] then
      makeOverridable f given
    else
      abort ''lib.customisation.callPackageWith: Function called without required argument "${name}" ${place}${hint}'';

  # As `callPackageWith`, for a function that returns a set of packages.
  callPackagesWith =
    scope: file: arguments:
    let
      f = if lib.isFunction file then file else import file;
      given = builtins.intersectAttrs (lib.functionArgs f) scope // arguments;
      get = name: args: (f args).${name};
    in
    lib.mapAttrs (name: _: makeOverridable (lib.mirrorFunctionArgs f (get name)) given) (
      removeAttrs (f given) [ "recurseForDerivations" ]
    );

  # A set with its own `callPackage`, whose members see one another.
  makeScope =
    newScope: f:
    let
      scope = f scope // {
        newScope = more: newScope (scope // more);
        callPackage = scope.newScope { };
        overrideScope = overlay: makeScope newScope (lib.extends overlay f);
        packages = f;
      };
    in
    scope;

  hydraJob = drv: drv;

  extendDerivation =
    condition: passthru: drv:
    assert condition;
    drv // passthru;
}
