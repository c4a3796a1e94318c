# `stdenv.mkDerivation`: a set of attributes, or a function from the final ones, to a package.
{
  lib,
  stdenv,
  system,
}:
let
  inputKinds = [
    "nativeBuildInputs"
    "buildInputs"
    "propagatedBuildInputs"
    "propagatedNativeBuildInputs"
  ];

  # What an attribute set means as arguments of Nix's `derivation`.
  arguments =
    attrs:
    let
      named =
        attrs.name or (
          if attrs ? pname then
            "${attrs.pname}${lib.optionalString (attrs ? version) "-${attrs.version}"}"
          else
            throw "mkDerivation: a package needs a `name`, or a `pname` and a `version`"
        );
      inputs =
        kind:
        lib.filter (input: input != null) (
          lib.flatten (attrs.${kind} or [ ])
          ++ lib.optionals (kind == "nativeBuildInputs" && attrs.doCheck or false) (
            lib.flatten (attrs.nativeCheckInputs or [ ])
          )
          ++ lib.optionals (kind == "nativeBuildInputs" && attrs.doInstallCheck or false) (
            lib.flatten (attrs.nativeInstallCheckInputs or [ ])
          )
          ++ lib.optionals (kind == "buildInputs" && attrs.doCheck or false) (
            lib.flatten (attrs.checkInputs or [ ])
          )
        );
      clash = lib.attrNames (builtins.intersectAttrs (attrs.env or { }) attrs);
    in
    assert lib.assertMsg (clash == [ ])
      "The `env` attribute set cannot contain any attributes passed to derivation. The following attributes are overlapping: ${lib.concatStringsSep ", " clash}";
    removeAttrs attrs [
      "env"
      "meta"
      "passthru"
      "pos"
      "checkInputs"
      "nativeCheckInputs"
      "nativeInstallCheckInputs"
    ]
    // attrs.env or { }
    // {
      inherit system stdenv;
      name = named;
      builder = attrs.realBuilder or stdenv.shell;
      args = attrs.args or [ "-e" (attrs.builder or ./build.sh) ];
      doCheck = attrs.doCheck or false;
      doInstallCheck = attrs.doInstallCheck or false;
      outputs = attrs.outputs or [ "out" ];
      patches = attrs.patches or [ ];
      configureFlags = attrs.configureFlags or [ ];
    }
    // lib.genAttrs inputKinds inputs;

  make =
    attrsOf:
    let
      final = attrs // {
        inherit finalPackage overrideAttrs;
      };
      attrs = attrsOf final;

      overrideAttrs =
        change:
        make (
          final:
          let
            prev = attrsOf final;
            # `new: …`, `final: prev: …` and a plain set are all allowed.
            once = lib.toFunction change prev;
          in
          prev // (if lib.isFunction once then change final prev else once)
        );

      drv = derivation (arguments attrs);
      common = {
        inherit overrideAttrs stdenv;
        meta = {
          inherit (drv) name;
          available = true;
          broken = false;
          insecure = false;
          unfree = false;
          unsupported = false;
          outputsToInstall = [ (if lib.elem "bin" drv.outputs then "bin" else lib.head drv.outputs) ];
        }
        // lib.optionalAttrs (position != null) {
          position = "${position.file}:${toString position.line}";
        }
        // attrs.meta or { };
        passthru = attrs.passthru or { };
      }
      // lib.filterAttrs (name: _: lib.elem name [ "pname" "version" ]) attrs
      // attrs.passthru or { };
      position = builtins.unsafeGetAttrPos (if attrs ? version then "version" else "name") attrs;
      outputs = lib.genAttrs drv.outputs (
        output: drv.${output} // common // outputs // { all = map (name: outputs.${name}) drv.outputs; }
      );
      finalPackage = drv // outputs // common;
    in
    finalPackage;
in
attrs: make (lib.toFunction attrs)
