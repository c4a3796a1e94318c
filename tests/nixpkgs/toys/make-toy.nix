# A toy is one bash script beside this file, with the name, options and output that tutorials show.
{
  lib,
  stdenvNoCC,
  runtimeShell,
}:
{
  pname,
  version,
  description,
  postInstall ? "",
}:
stdenvNoCC.mkDerivation {
  inherit pname version postInstall;
  src = ./. + "/${pname}.sh";
  # No phases, since those announce themselves: readers of tutorials get such packages from a
  # cache, and see no build log.
  buildCommand = ''
    runHook preInstall
    mkdir -p $out/bin
    { echo "#!${runtimeShell}"; tail -n +2 $src; } > $out/bin/$pname
    chmod +x $out/bin/$pname
    runHook postInstall
  '';
  meta = {
    inherit description;
    mainProgram = pname;
    license = lib.licenses.mit;
    platforms = lib.platforms.all;
  };
}
