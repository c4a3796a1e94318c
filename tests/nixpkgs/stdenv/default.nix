# Bash, the tools that builders have, and `mkDerivation`.
{
  lib,
  system,
  config,
}:
let
  # Packages below `stdenv` are made by Nix's own `derivation`.
  primitive =
    attrs:
    derivation (
      {
        inherit system;
        findProgram = ./find-program.sh;
        preferLocalBuild = true;
      }
      // attrs
    );

  bash =
    primitive {
      name = "bash-interactive-5.2";
      builder = "/bin/sh";
      args = [ ./bash.sh ];
    }
    // {
      pname = "bash-interactive";
      version = "5.2";
      meta.mainProgram = "bash";
    };

  shell = "${bash}/bin/bash";

  # Links to programs of the system, for what cannot honestly be a shell script.
  systemPrograms =
    {
      pname,
      version ? "system",
      programs ? [ ],
      optional ? [ ],
      mainProgram ? pname,
    }:
    primitive {
      name = "${pname}-${version}";
      builder = shell;
      args = [ ./system-programs.sh ];
      inherit pname programs optional;
    }
    // {
      inherit pname version;
      meta = { inherit mainProgram; };
    };

  programs = import ./programs.nix;

  makeStdenv =
    { name, tools }:
    let
      built = primitive {
        inherit name bash;
        builder = shell;
        args = [ ./make-stdenv.sh ];
        tools = systemPrograms {
          pname = "${name}-tools";
          programs = [ "cat" "chmod" "cp" "ls" "mkdir" "mv" "rm" ];
          optional = lib.concatLists (lib.attrVals ([ "coreutils" ] ++ tools) programs);
        };
        setup = ./setup.sh;
      };
      platform = lib.systems.elaborate system;
      stdenv = built // {
        inherit shell system;
        inherit (platform) isLinux isDarwin;
        hostPlatform = platform;
        buildPlatform = platform;
        targetPlatform = platform;
        mkDerivation = import ./make-derivation.nix { inherit lib stdenv system; };
        override = _: stdenv;
      };
    in
    stdenv;

  everyday = [ "diffutils" "findutils" "gawk" "gnugrep" "gnumake" "gnused" "gnutar" "gzip" "patch" "xz" ];
in
{
  inherit bash systemPrograms programs;

  stdenvNoCC = makeStdenv {
    name = "stdenv-no-cc";
    tools = everyday;
  };

  # Has a compiler where the system has one.
  stdenv = makeStdenv {
    name = "stdenv-linux";
    tools = everyday ++ [ "gcc" ];
  };
}
