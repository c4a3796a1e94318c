# The machines that packages are for.
{ lib }:
let
  linux = [ "aarch64-linux" "armv7l-linux" "i686-linux" "riscv64-linux" "x86_64-linux" ];
  darwin = [ "aarch64-darwin" "x86_64-darwin" ];
in
rec {
  doubles = {
    inherit linux darwin;
    unix = linux ++ darwin;
    all = linux ++ darwin;
  };
  platforms = doubles // {
    none = [ ];
  };
  flakeExposed = [ "x86_64-linux" "aarch64-linux" "x86_64-darwin" "aarch64-darwin" ];

  elaborate =
    system:
    let
      parts = builtins.match "([^-]+)-(.+)" system;
      cpu = builtins.elemAt parts 0;
      kernel = builtins.elemAt parts 1;
    in
    {
      inherit system;
      config = if kernel == "linux" then "${cpu}-unknown-linux-gnu" else "${cpu}-apple-${kernel}";
      isLinux = kernel == "linux";
      isDarwin = kernel == "darwin";
      isUnix = true;
      isx86_64 = cpu == "x86_64";
      isAarch64 = cpu == "aarch64";
      is64bit = lib.hasSuffix "64" cpu;
      parsed = {
        cpu.name = cpu;
        kernel.name = kernel;
      };
    };
}
