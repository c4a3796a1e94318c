# The packages: toys of our own, and programs of the system under their packages' names.
{ final, base }:
let
  inherit (final) callPackage;
  inherit (base) programs systemPrograms;

  fromSystem =
    pname: required: optional:
    systemPrograms {
      inherit pname optional;
      programs = required;
      mainProgram = builtins.head (required ++ [ pname ]);
    };
in
{
  makeToy = callPackage ./toys/make-toy.nix { };
  hello = callPackage ./toys/hello.nix { };
  cowsay = callPackage ./toys/cowsay.nix { };
  lolcat = callPackage ./toys/lolcat.nix { };
  fortune = callPackage ./toys/fortune.nix { };
  figlet = callPackage ./toys/figlet.nix { };

  inherit (base) bash;
  bashInteractive = base.bash;
  runtimeShell = "${base.bash}/bin/bash";

  coreutils = fromSystem "coreutils" [ "ls" ] programs.coreutils;
  diffutils = fromSystem "diffutils" [ "diff" "cmp" ] programs.diffutils;
  findutils = fromSystem "findutils" programs.findutils [ ];
  gawk = fromSystem "gawk" [ "awk" ] [ "gawk" ];
  gcc = fromSystem "gcc" [ "gcc" ] programs.gcc;
  gnugrep = fromSystem "gnugrep" [ "grep" ] programs.gnugrep;
  gnumake = fromSystem "gnumake" [ "make" ] [ ];
  gnused = fromSystem "gnused" [ "sed" ] [ ];
  gnutar = fromSystem "gnutar" [ "tar" ] [ ];
  gzip = fromSystem "gzip" [ "gzip" ] programs.gzip;
  gnupatch = fromSystem "patch" [ "patch" ] [ ];
  xz = fromSystem "xz" [ "xz" ] programs.xz;

  curl = fromSystem "curl" [ "curl" ] [ ];
  file = fromSystem "file" [ "file" ] [ ];
  git = fromSystem "git" [ "git" ] [ ];
  gitMinimal = final.git;
  jq = fromSystem "jq" [ "jq" ] [ ];
  less = fromSystem "less" [ "less" ] [ ];
  nix = fromSystem "nix" [ "nix" ] [ "nix-build" "nix-env" "nix-instantiate" "nix-shell" "nix-store" ];
  perl = fromSystem "perl" [ "perl" ] [ ];
  python3 = fromSystem "python3" [ "python3" ] [ "python" ];
  tree = fromSystem "tree" [ "tree" ] [ ];
  vim = fromSystem "vim" [ "vim" ] [ "vi" ];
  which = fromSystem "which" [ "which" ] [ ];
}
