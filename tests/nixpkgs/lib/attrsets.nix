# Attribute sets.
{ lib }:
rec {
  inherit (builtins)
    attrNames
    attrValues
    catAttrs
    getAttr
    hasAttr
    intersectAttrs
    listToAttrs
    mapAttrs
    removeAttrs
    zipAttrsWith
    ;

  nameValuePair = name: value: { inherit name value; };
  optionalAttrs = condition: set: if condition then set else { };
  genAttrs = names: f: listToAttrs (map (name: nameValuePair name (f name)) names);
  mapAttrs' = f: set: listToAttrs (mapAttrsToList f set);
  mapAttrsToList = f: set: map (name: f name set.${name}) (attrNames set);
  attrsToList = mapAttrsToList nameValuePair;
  concatMapAttrs = f: set: mergeAttrsList (mapAttrsToList f set);
  mergeAttrsList = builtins.foldl' (a: b: a // b) { };
  filterAttrs =
    wanted: set: removeAttrs set (builtins.filter (name: !wanted name set.${name}) (attrNames set));
  foldlAttrs =
    f: nul: set:
    builtins.foldl' (acc: name: f acc name set.${name}) nul (attrNames set);
  getAttrs = names: set: genAttrs names (name: set.${name});
  attrVals = names: set: map (name: set.${name}) names;
  zipAttrs = zipAttrsWith (_: values: values);
  foldAttrs =
    f: nul: sets:
    mapAttrs (_: lib.foldr f nul) (zipAttrs sets);
  cartesianProduct =
    set:
    builtins.foldl' (
      rows: name: builtins.concatMap (row: map (value: row // { ${name} = value; }) set.${name}) rows
    ) [ { } ] (attrNames set);
  mapCartesianProduct = f: set: map f (cartesianProduct set);

  attrByPath =
    path: default: set:
    if path == [ ] then
      set
    else if set ? ${builtins.head path} then
      attrByPath (builtins.tail path) default set.${builtins.head path}
    else
      default;
  hasAttrByPath =
    path: set:
    path == [ ]
    || (set ? ${builtins.head path} && hasAttrByPath (builtins.tail path) set.${builtins.head path});
  getAttrFromPath =
    path: attrByPath path (throw "cannot find attribute '${lib.concatStringsSep "." path}'");
  setAttrByPath =
    path: value:
    if path == [ ] then
      value
    else
      { ${builtins.head path} = setAttrByPath (builtins.tail path) value; };

  recursiveUpdateUntil =
    stop:
    let
      merge =
        path: a: b:
        a
        // mapAttrs (
          name: new:
          let
            here = path ++ [ name ];
          in
          if a ? ${name} && !stop here a.${name} new then merge here a.${name} new else new
        ) b;
    in
    merge [ ];
  recursiveUpdate = recursiveUpdateUntil (
    _: a: b:
    !(builtins.isAttrs a && builtins.isAttrs b)
  );

  mapAttrsRecursive = mapAttrsRecursiveCond (_: true);
  mapAttrsRecursiveCond =
    into: f:
    let
      go =
        path:
        mapAttrs (
          name: value:
          let
            here = path ++ [ name ];
          in
          if builtins.isAttrs value && into value then go here value else f here value
        );
    in
    go [ ];
  collect =
    wanted: set:
    if wanted set then
      [ set ]
    else if builtins.isAttrs set then
      builtins.concatMap (collect wanted) (attrValues set)
    else
      [ ];

  isDerivation = x: x.type or null == "derivation";
  recurseIntoAttrs = set: set // { recurseForDerivations = true; };
  dontRecurseIntoAttrs = set: set // { recurseForDerivations = false; };

  getOutput = output: pkg: pkg.${output} or pkg.out or pkg;
  getBin = getOutput "bin";
  getLib = getOutput "lib";
  getDev = getOutput "dev";
  getMan = getOutput "man";
}
