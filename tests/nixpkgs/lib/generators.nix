# Values as text.
{ lib }:
{
  toJSON = { }: builtins.toJSON;
  toYAML = { }: builtins.toJSON;

  toKeyValue =
    { }:
    set:
    lib.concatStrings (lib.mapAttrsToList (name: value: "${name}=${toString value}\n") set);

  toINI =
    { }:
    sections:
    lib.concatStringsSep "\n" (
      lib.mapAttrsToList (
        title: set:
        "[${title}]\n"
        + lib.concatStrings (lib.mapAttrsToList (name: value: "${name}=${toString value}\n") set)
      ) sections
    );

  toPretty =
    { }:
    let
      go =
        indent: value:
        let
          inner = indent + "  ";
        in
        if builtins.isString value then
          lib.escapeNixString value
        else if builtins.isList value then
          if value == [ ] then
            "[ ]"
          else
            "[\n${lib.concatMapStrings (x: "${inner}${go inner x}\n") value}${indent}]"
        else if lib.isDerivation value then
          "<derivation ${value.name}>"
        else if lib.isFunction value then
          "<function>"
        else if builtins.isAttrs value then
          if value == { } then
            "{ }"
          else
            "{\n${
              lib.concatStrings (
                lib.mapAttrsToList (
                  name: x: "${inner}${lib.strings.escapeNixIdentifier name} = ${go inner x};\n"
                ) value
              )
            }${indent}}"
        else if value == null then
          "null"
        else if builtins.isBool value then
          lib.boolToString value
        else
          toString value;
    in
    go "";
}
