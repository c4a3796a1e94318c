# Source trees that are only partly copied to the store.
{ lib }:
rec {
  pathType = path: (builtins.readDir (dirOf path)).${baseNameOf path};
  pathIsDirectory = path: builtins.pathExists path && pathType path == "directory";
  pathIsRegularFile = path: builtins.pathExists path && pathType path == "regular";

  # What version control, editors and `nix-build` leave behind is no source.
  cleanSourceFilter =
    path: type:
    let
      name = baseNameOf (toString path);
    in
    !(
      lib.elem name [ ".git" ".svn" "CVS" ".hg" ".jj" ".pijul" "_darcs" ]
      || lib.hasSuffix "~" name
      || builtins.match "\\.sw[a-z]|\\..*\\.sw[a-z]" name != null
      || lib.hasSuffix ".o" name
      || lib.hasSuffix ".so" name
      || (type == "symlink" && lib.hasPrefix "result" name)
      || type == "unknown"
    );

  cleanSource = src: cleanSourceWith { inherit src; filter = cleanSourceFilter; };

  # `src` may itself be a cleaned source; both filters then apply.
  cleanSourceWith =
    {
      src,
      filter ? _: _: true,
      name ? src.name or (baseNameOf (toString src)),
    }:
    let
      origin = src.origin or src;
      both = path: type: filter path type && (src.filter or (_: _: true)) path type;
    in
    {
      _isLibCleanSourceWith = true;
      inherit origin name;
      filter = both;
      outPath = builtins.path {
        inherit name;
        path = origin;
        filter = both;
      };
    };

  sourceByRegex =
    src: regexes:
    cleanSourceWith {
      inherit src;
      filter =
        path: _:
        let
          relative = lib.removePrefix (toString (src.origin or src) + "/") (toString path);
        in
        lib.any (regex: builtins.match regex relative != null) regexes;
    };

  sourceFilesBySuffices =
    src: suffixes:
    cleanSourceWith {
      inherit src;
      filter =
        path: type: type == "directory" || lib.any (end: lib.hasSuffix end (baseNameOf path)) suffixes;
    };
}
