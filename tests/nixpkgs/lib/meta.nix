# What a package says about itself.
{ lib }:
rec {
  addMetaAttrs = new: drv: drv // { meta = drv.meta or { } // new; };
  setName = name: drv: drv // { inherit name; };
  setPrio = priority: addMetaAttrs { inherit priority; };
  lowPrio = setPrio 10;
  hiPrio = setPrio (-10);

  availableOn =
    platform: pkg:
    lib.elem platform.system (pkg.meta.platforms or [ platform.system ])
    && !lib.elem platform.system (pkg.meta.badPlatforms or [ ]);

  getExe =
    pkg:
    getExe' pkg (
      pkg.meta.mainProgram
        or (lib.warn "getExe: Package ${lib.strings.escapeNixIdentifier (lib.getName pkg)} does not have the meta.mainProgram attribute." (
          lib.getName pkg
        ))
    );
  getExe' = pkg: name: "${lib.getBin pkg}/bin/${name}";
}
