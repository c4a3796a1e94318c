# Functions of no particular type.
{ lib }:
rec {
  inherit (builtins)
    add
    addErrorContext
    bitAnd
    bitOr
    bitXor
    deepSeq
    div
    fromJSON
    genericClosure
    isAttrs
    isBool
    isFloat
    isInt
    isPath
    isString
    lessThan
    mul
    pathExists
    readFile
    seq
    sub
    toJSON
    toPath
    typeOf
    unsafeGetAttrPos
    ;

  release = "offline";
  version = release;
  nixpkgsVersion = release;
  inNixShell = builtins.getEnv "IN_NIX_SHELL" != "";
  inPureEvalMode = !(builtins ? currentSystem);

  id = x: x;
  const = x: _: x;
  flip =
    f: a: b:
    f b a;
  pipe = builtins.foldl' (x: f: f x);
  concat = a: b: a ++ b;
  "or" = a: b: a || b;
  and = a: b: a && b;
  xor = a: b: a != b;
  boolToString = b: if b then "true" else "false";
  mergeAttrs = a: b: a // b;
  mapNullable = f: x: if x == null then null else f x;
  defaultTo = default: x: if x == null then default else x;
  min = a: b: if a < b then a else b;
  max = a: b: if a > b then a else b;
  mod = a: b: a - b * (a / b);
  compare =
    a: b:
    if a < b then
      -1
    else if a > b then
      1
    else
      0;

  importJSON = path: fromJSON (readFile path);
  importTOML = path: builtins.fromTOML (readFile path);

  # A function may be an attribute set with `__functor`; `__functionArgs` then says what it takes.
  isFunction = f: builtins.isFunction f || (f ? __functor && isFunction (f.__functor f));
  functionArgs =
    f: if f ? __functor then f.__functionArgs or (functionArgs (f.__functor f)) else builtins.functionArgs f;
  setFunctionArgs = f: args: {
    __functor = _: f;
    __functionArgs = args;
  };
  mirrorFunctionArgs = f: g: setFunctionArgs g (functionArgs f);
  toFunction = f: if isFunction f then f else _: f;

  warn = message: builtins.trace "warning: ${message}";
  warnIf = condition: message: if condition then warn message else id;
  warnIfNot = condition: warnIf (!condition);
  info = message: builtins.trace "INFO: ${message}";
  throwIf = condition: message: if condition then throw message else id;
  throwIfNot = condition: throwIf (!condition);
  assertMsg = condition: message: condition || throw message;

  toHexString =
    n:
    let
      digits = lib.stringToCharacters "0123456789ABCDEF";
      digit = builtins.elemAt digits (mod n 16);
    in
    if n < 16 then digit else toHexString (n / 16) + digit;
}
