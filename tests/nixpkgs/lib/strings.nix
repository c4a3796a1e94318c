# Strings.
{ lib }:
let
  lower = lib.stringToCharacters "abcdefghijklmnopqrstuvwxyz";
  upper = lib.stringToCharacters "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
in
rec {
  inherit (builtins)
    compareVersions
    concatStringsSep
    replaceStrings
    split
    stringLength
    substring
    unsafeDiscardStringContext
    ;

  concatStrings = concatStringsSep "";
  concatMapStrings = f: xs: concatStrings (map f xs);
  concatMapStringsSep =
    separator: f: xs:
    concatStringsSep separator (map f xs);
  concatImapStrings = f: xs: concatStrings (lib.imap1 f xs);
  concatImapStringsSep =
    separator: f: xs:
    concatStringsSep separator (lib.imap1 f xs);
  concatMapAttrsStringSep =
    separator: f: set:
    concatStringsSep separator (lib.mapAttrsToList f set);
  concatLines = concatMapStrings (line: line + "\n");
  intersperse =
    separator: xs:
    lib.tail (
      lib.concatMap (x: [
        separator
        x
      ]) xs
    );
  replicate = n: text: concatStrings (lib.replicate n text);
  join = concatStringsSep;

  optionalString = condition: text: if condition then text else "";
  stringToCharacters = text: lib.genList (i: substring i 1 text) (stringLength text);
  stringAsChars = f: text: concatMapStrings f (stringToCharacters text);
  splitString =
    separator: text:
    builtins.filter builtins.isString (split (escapeRegex (toString separator)) (toString text));

  hasPrefix = start: text: substring 0 (stringLength start) text == start;
  hasSuffix =
    end: text:
    stringLength text >= stringLength end
    && substring (stringLength text - stringLength end) (stringLength end) text == end;
  hasInfix = part: text: builtins.length (split (escapeRegex part) text) > 1;
  removePrefix =
    start: text: if hasPrefix start text then substring (stringLength start) (-1) text else text;
  removeSuffix =
    end: text:
    if hasSuffix end text then substring 0 (stringLength text - stringLength end) text else text;
  trim = text: builtins.head (builtins.match "[[:space:]]*(.*[^[:space:]]|)[[:space:]]*" text);
  trimWith =
    {
      start ? false,
      end ? false,
    }:
    text:
    let
      left = if start then builtins.head (builtins.match "[[:space:]]*(.*)" text) else text;
    in
    if end then builtins.head (builtins.match "(.*[^[:space:]]|)[[:space:]]*" left) else left;

  toLower = replaceStrings upper lower;
  toUpper = replaceStrings lower upper;
  toSentenceCase = text: toUpper (substring 0 1 text) + toLower (substring 1 (-1) text);

  escape = characters: replaceStrings characters (map (c: "\\" + c) characters);
  escapeRegex = escape (stringToCharacters "\\[{()^$?*+|.");
  escapeShellArg =
    x:
    let
      text = toString x;
    in
    if builtins.match "[[:alnum:],._+:@%/-]+" text == null then
      "'" + replaceStrings [ "'" ] [ "'\\''" ] text + "'"
    else
      text;
  escapeShellArgs = concatMapStringsSep " " escapeShellArg;
  escapeNixString = text: escape [ "$" ] (builtins.toJSON text);
  escapeNixIdentifier =
    text: if builtins.match "[a-zA-Z_][a-zA-Z0-9_'-]*" text != null then text else escapeNixString text;
  escapeXML = replaceStrings [ "\"" "'" "<" ">" "&" ] [ "&quot;" "&apos;" "&lt;" "&gt;" "&amp;" ];
  toShellVar = name: value: "${name}=${escapeShellArg value}";
  toShellVars = set: concatStringsSep "\n" (lib.mapAttrsToList toShellVar set);

  makeSearchPath =
    dir: paths: concatMapStringsSep ":" (path: "${path}/${dir}") (lib.filter (x: x != null) paths);
  makeSearchPathOutput =
    output: dir: pkgs:
    makeSearchPath dir (map (lib.getOutput output) pkgs);
  makeBinPath = makeSearchPathOutput "bin" "bin";
  makeLibraryPath = makeSearchPathOutput "lib" "lib";

  versionOlder = a: b: compareVersions b a == 1;
  versionAtLeast = a: b: !versionOlder a b;
  getName = x: if builtins.isString x then (builtins.parseDrvName x).name else x.pname or (getName x.name);
  getVersion =
    x: if builtins.isString x then (builtins.parseDrvName x).version else x.version or (getVersion x.name);
  versions = rec {
    splitVersion = builtins.splitVersion;
    major = version: builtins.elemAt (splitVersion version) 0;
    minor = version: builtins.elemAt (splitVersion version) 1;
    patch = version: builtins.elemAt (splitVersion version) 2;
    majorMinor = version: concatStringsSep "." (lib.take 2 (splitVersion version));
  };
  nameFromURL = url: separator: lib.head (splitString separator (lib.last (splitString "/" url)));

  isStringLike = x: builtins.isString x || builtins.isPath x || x ? outPath || x ? __toString;
  isConvertibleWithToString = x: isStringLike x || lib.elem (builtins.typeOf x) [ "int" "float" "bool" "null" ];
  isStorePath = x: isStringLike x && hasPrefix "${builtins.storeDir}/" (toString x);
  toInt =
    text:
    let
      digits = builtins.match "[[:space:]]*(-?)0*([0-9]+)[[:space:]]*" text;
    in
    if digits == null then
      throw "toInt: Could not convert ${escapeNixString text} to int."
    else
      builtins.fromJSON (concatStrings digits);
  fixedWidthString =
    width: filler: text:
    if stringLength text >= width then text else fixedWidthString width filler (filler + text);
  fixedWidthNumber = width: n: fixedWidthString width "0" (toString n);
  commonPrefixLength =
    a: b:
    let
      n = lib.min (stringLength a) (stringLength b);
      go = i: if i < n && substring i 1 a == substring i 1 b then go (i + 1) else i;
    in
    go 0;
  fileContents = file: removeSuffix "\n" (builtins.readFile file);
  cmakeBool = name: value: "-D${name}:BOOL=${if value then "TRUE" else "FALSE"}";
  enableFeature = on: feature: "--${if on then "enable" else "disable"}-${feature}";
  withFeature = on: feature: "--${if on then "with" else "without"}-${feature}";
}
