# Functions that make packages without a source: files, scripts, environments, shells.
{
  lib,
  final,
  base,
}:
let
  inherit (final) runCommand stdenv stdenvNoCC writeTextFile runtimeShell;

  runCommandWith =
    stdenv: name: attrs: buildCommand:
    stdenv.mkDerivation (
      {
        enableParallelBuilding = true;
        inherit name buildCommand;
        passAsFile = [ "buildCommand" ] ++ attrs.passAsFile or [ ];
      }
      // removeAttrs attrs [ "passAsFile" ]
    );
in
{
  runCommand = runCommandWith stdenvNoCC;
  runCommandNoCC = runCommandWith stdenvNoCC;
  runCommandCC = runCommandWith stdenv;
  runCommandLocal =
    name: attrs:
    runCommand name (
      attrs
      // {
        preferLocalBuild = true;
        allowSubstitutes = false;
      }
    );

  # `destination` is a path below $out, "" for a package that is the file itself.
  writeTextFile =
    {
      name,
      text,
      executable ? false,
      destination ? "",
      checkPhase ? "",
      meta ? { },
      passthru ? { },
      derivationArgs ? { },
    }:
    assert lib.assertMsg (destination == "" || lib.hasPrefix "/" destination)
      "destination must be an absolute path, relative to the derivation's out path";
    runCommand name
      (
        {
          inherit text executable destination checkPhase passthru;
          passAsFile = [ "text" ];
          preferLocalBuild = true;
          allowSubstitutes = false;
          meta =
            lib.optionalAttrs (executable && lib.hasPrefix "/bin/" destination) {
              mainProgram = lib.removePrefix "/bin/" destination;
            }
            // meta;
        }
        // derivationArgs
      )
      ''
        target=$out$destination
        mkdir -p "$(dirname "$target")"
        if [ -e "$textPath" ]; then mv "$textPath" "$target"; else echo -n "$text" > "$target"; fi
        if [ -n "$executable" ]; then chmod +x "$target"; fi
        eval "$checkPhase"
      '';

  writeText = name: text: writeTextFile { inherit name text; };
  writeTextDir =
    path: text:
    writeTextFile {
      inherit text;
      name = baseNameOf path;
      destination = "/${path}";
    };
  writeScript =
    name: text:
    writeTextFile {
      inherit name text;
      executable = true;
    };
  writeScriptBin =
    name: text:
    writeTextFile {
      inherit name text;
      executable = true;
      destination = "/bin/${name}";
    };

  writeShellScript =
    name: text:
    writeTextFile {
      inherit name;
      executable = true;
      text = ''
        #!${runtimeShell}
        ${text}
      '';
      checkPhase = ''${runtimeShell} -n "$target"'';
    };
  writeShellScriptBin =
    name: text:
    writeTextFile {
      inherit name;
      executable = true;
      destination = "/bin/${name}";
      text = ''
        #!${runtimeShell}
        ${text}
      '';
      checkPhase = ''${runtimeShell} -n "$target"'';
    };

  # The script is checked for syntax; the original runs ShellCheck as well.
  writeShellApplication =
    {
      name,
      text,
      runtimeInputs ? [ ],
      runtimeEnv ? null,
      meta ? { },
      passthru ? { },
      checkPhase ? null,
      excludeShellChecks ? [ ],
      extraShellCheckFlags ? [ ],
      bashOptions ? [ "errexit" "nounset" "pipefail" ],
      derivationArgs ? { },
      inheritPath ? true,
    }:
    writeTextFile {
      inherit name meta passthru derivationArgs;
      executable = true;
      destination = "/bin/${name}";
      text =
        "#!${runtimeShell}\n"
        + lib.concatMapStrings (option: "set -o ${option}\n") bashOptions
        + lib.concatStrings (
          lib.mapAttrsToList (variable: value: "${lib.toShellVar variable value}\nexport ${variable}\n") (
            lib.defaultTo { } runtimeEnv
          )
        )
        + lib.optionalString (runtimeInputs != [ ]) ''

          export PATH="${lib.makeBinPath runtimeInputs}${lib.optionalString inheritPath ":$PATH"}"
        ''
        + ''

          ${text}
        '';
      checkPhase = lib.defaultTo ''${runtimeShell} -n "$target"'' checkPhase;
    };

  # The files of several packages as links in one tree; of two with the same name the first stays.
  symlinkJoin =
    {
      name ?
        if args ? pname && args ? version then
          "${args.pname}-${args.version}"
        else
          throw "symlinkJoin requires either a `name` OR `pname` and `version`",
      paths,
      postBuild ? "",
      ...
    }@args:
    runCommand name
      (
        removeAttrs args [ "name" "postBuild" ]
        // {
          linkTree = ./link-tree.sh;
          inherit paths;
          passAsFile = [ "paths" ];
          preferLocalBuild = true;
          allowSubstitutes = false;
        }
      )
      ''
        mkdir -p $out
        source $linkTree
        for path in $(cat $pathsPath); do
          linkTree "$path" "$out"
        done
        ${postBuild}
      '';

  # As symlinkJoin, of chosen directories, and two files with the same name are an error.
  buildEnv = lib.makeOverridable (
    {
      name,
      paths,
      pathsToLink ? [ "/" ],
      extraOutputsToInstall ? [ ],
      ignoreCollisions ? false,
      buildInputs ? [ ],
      nativeBuildInputs ? [ ],
      postBuild ? "",
      meta ? { },
      passthru ? { },
    }:
    runCommand name
      {
        inherit buildInputs nativeBuildInputs meta pathsToLink ignoreCollisions;
        linkTree = ./link-tree.sh;
        paths = lib.concatMap (
          path:
          [ path ] ++ lib.concatMap (output: lib.optional (path ? ${output}) path.${output}) extraOutputsToInstall
        ) paths;
        passAsFile = [ "paths" ];
        passthru = passthru // { inherit paths; };
        preferLocalBuild = true;
        allowSubstitutes = false;
      }
      ''
        mkdir -p $out
        source $linkTree
        collision=''${ignoreCollisions:-error}
        for directory in $pathsToLink; do
          directory=''${directory%/}
          for path in $(cat $pathsPath); do
            linkTree "$path$directory" "$out$directory"
          done
        done
        ${postBuild}
      ''
  );

  # A directory of links, from a list of { name, path } or a set of names to paths.
  linkFarm =
    name: entries:
    let
      links =
        if builtins.isAttrs entries then
          lib.mapAttrsToList (name: path: { inherit name path; }) entries
        else
          entries;
    in
    runCommand name { preferLocalBuild = true; } (
      "mkdir -p $out\ncd $out\n"
      + lib.concatMapStrings (link: ''
        mkdir -p "$(dirname ${lib.escapeShellArg link.name})"
        ln -s ${lib.escapeShellArg "${link.path}"} ${lib.escapeShellArg link.name}
      '') links
    );
  concatText = name: files: runCommand name { inherit files; } "cat -- $files > $out";
  emptyFile = runCommand "empty-file" { } "touch $out";
  emptyDirectory = runCommand "empty-directory" { } "mkdir $out";

  mkShell = final.callPackage ./make-shell.nix { };
  mkShellNoCC = final.mkShell.override { stdenv = stdenvNoCC; };

  makeWrapper = runCommand "make-wrapper-hook" { } ''
    mkdir -p $out/nix-support
    cp ${./make-wrapper.sh} $out/nix-support/setup-hook
  '';
  makeBinaryWrapper = final.makeWrapper;
  makeSetupHook =
    {
      name,
      propagatedBuildInputs ? [ ],
      substitutions ? { },
      passthru ? { },
      meta ? { },
    }:
    script:
    runCommand name (substitutions // { inherit propagatedBuildInputs passthru meta; }) ''
      mkdir -p $out/nix-support
      substituteAll ${script} $out/nix-support/setup-hook
      if [ -n "$propagatedBuildInputs" ]; then
        printf '%s ' $propagatedBuildInputs > $out/nix-support/propagated-build-inputs
      fi
    '';
  replaceVars =
    file: values:
    runCommand (baseNameOf (toString file)) { } ''
      substitute ${file} $out ${
        lib.concatStringsSep " " (
          lib.mapAttrsToList (name: value: "--subst-var-by ${name} ${lib.escapeShellArg value}") values
        )
      }
    '';

  # Nix fetches these itself; without network they fail as they do anywhere.
  fetchurl =
    {
      url,
      name ? baseNameOf url,
      hash ? "",
      sha256 ? "",
      ...
    }:
    derivation {
      inherit name url;
      system = "builtin";
      builder = "builtin:fetchurl";
      outputHashMode = "flat";
      outputHashAlgo = if hash == "" then "sha256" else null;
      outputHash = if hash == "" then sha256 else hash;
      executable = false;
      unpack = false;
      preferLocalBuild = true;
      urls = [ url ];
    };
  fetchzip =
    {
      url,
      hash ? "",
      sha256 ? hash,
      ...
    }:
    builtins.fetchTarball { inherit url sha256; };
  fetchFromGitHub =
    {
      owner,
      repo,
      rev ? "refs/tags/${tag}",
      tag ? "",
      hash ? "",
      sha256 ? hash,
      ...
    }:
    builtins.fetchTarball {
      url = "https://github.com/${owner}/${repo}/archive/${rev}.tar.gz";
      inherit sha256;
    };
}
