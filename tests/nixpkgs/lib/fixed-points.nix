# Sets that refer to their own final values, and extensions of them (overlays).
_: rec {
  fix =
    f:
    let
      x = f x;
    in
    x;

  # `overlay` is `final: prev: { … }`.
  extends =
    overlay: f: final:
    let
      prev = f final;
    in
    prev // overlay final prev;

  composeExtensions =
    first: second: final: prev:
    let
      a = first final prev;
    in
    a // second final (prev // a);

  composeManyExtensions = builtins.foldl' composeExtensions (_: _: { });

  makeExtensible = makeExtensibleWithCustomName "extend";

  makeExtensibleWithCustomName =
    name: f:
    fix (
      final:
      f final
      // {
        ${name} = overlay: makeExtensibleWithCustomName name (extends overlay f);
      }
    );
}
