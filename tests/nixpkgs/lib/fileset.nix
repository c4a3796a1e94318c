# Sets of local files; the value of a set is the sorted list of its files' absolute paths.
{ lib }:
let
  make = files: {
    _type = "fileset";
    files = lib.sort lib.lessThan (lib.unique files);
  };

  # All regular files and symbolic links at or below the path `text`.
  below =
    text: type:
    if type == "directory" then
      lib.concatLists (lib.mapAttrsToList (name: below "${text}/${name}") (builtins.readDir (/. + text)))
    else
      [ text ];

  coerce =
    context: x:
    if x._type or null == "fileset" then
      x
    else if x._isLibCleanSourceWith or false then
      fromSource x
    else if !builtins.isPath x then
      throw "${context} is of type ${builtins.typeOf x}, but it should be a file set or a path instead."
    else if !builtins.pathExists x then
      throw "${context} (${toString x}) is a path that does not exist."
    else
      make (below (toString x) (lib.sources.pathType x));

  fromSource =
    source:
    make (
      lib.filter (file: keep source (toString source.origin) file) (
        below (toString source.origin) "directory"
      )
    );

  # A filter keeps a file only where it keeps each directory above it.
  keep =
    source: root: file:
    let
      parts = lib.splitString "/" (lib.removePrefix "${root}/" file);
      path = n: "${root}/${lib.concatStringsSep "/" (lib.take n parts)}";
      count = lib.length parts;
    in
    lib.all (n: source.filter (path n) (if n < count then "directory" else "regular")) (
      lib.range 1 count
    );

  union =
    a: b:
    make (
      (coerce "lib.fileset.union: First argument" a).files
      ++ (coerce "lib.fileset.union: Second argument" b).files
    );

  intersection =
    a: b:
    make (
      lib.intersectLists (coerce "lib.fileset.intersection: First argument" a).files
        (coerce "lib.fileset.intersection: Second argument" b).files
    );

  difference =
    positive: negative:
    make (
      lib.subtractLists (coerce "lib.fileset.difference: Second argument (negative set)" negative).files
        (coerce "lib.fileset.difference: First argument (positive set)" positive).files
    );
in
{
  inherit union intersection difference fromSource;
  unions = sets: make (lib.concatMap (x: (coerce "lib.fileset.unions: Element" x).files) sets);
  empty = make [ ];
  maybeMissing = path: if builtins.pathExists path then coerce "lib.fileset.maybeMissing" path else make [ ];

  fileFilter =
    wanted: path:
    make (
      lib.filter (
        file:
        let
          name = baseNameOf file;
        in
        wanted {
          inherit name;
          type = lib.sources.pathType (/. + file);
          hasExt = extension: lib.hasSuffix ".${extension}" name;
        }
      ) (below (toString path) (lib.sources.pathType path))
    );

  toList = set: map (file: /. + file) (coerce "lib.fileset.toList: Argument" set).files;

  trace =
    set: value:
    let
      inherit (coerce "lib.fileset.trace: Argument" set) files;
    in
    builtins.trace (if files == [ ] then "(empty)" else lib.concatStringsSep "\n" files) value;

  toSource =
    { root, fileset }:
    let
      inherit (coerce "lib.fileset.toSource: `fileset`" fileset) files;
      outside = lib.filter (file: !lib.hasPrefix "${toString root}/" file) files;
    in
    if outside != [ ] then
      throw "lib.fileset.toSource: `fileset` could contain files in ${dirOf (lib.head outside)}, which is not under the `root` (${toString root})."
    else
      lib.sources.cleanSourceWith {
        name = "source";
        src = root;
        filter =
          path: type:
          if type == "directory" then lib.any (lib.hasPrefix "${path}/") files else lib.elem path files;
      };
}
