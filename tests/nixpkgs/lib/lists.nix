# Lists.
{ lib }:
rec {
  inherit (builtins)
    all
    any
    concatLists
    concatMap
    elem
    elemAt
    filter
    foldl'
    genList
    groupBy
    head
    isList
    length
    map
    partition
    sort
    tail
    ;

  singleton = x: [ x ];
  optional = condition: x: if condition then [ x ] else [ ];
  optionals = condition: xs: if condition then xs else [ ];
  toList = x: if isList x then x else [ x ];
  range = first: last: if first > last then [ ] else genList (i: first + i) (last - first + 1);
  replicate = n: x: genList (_: x) n;

  foldr =
    f: nul: xs:
    let
      go = i: if i == length xs then nul else f (elemAt xs i) (go (i + 1));
    in
    go 0;
  fold = foldr;
  foldl =
    f: nul: xs:
    let
      go = i: if i < 0 then nul else f (go (i - 1)) (elemAt xs i);
    in
    go (length xs - 1);

  imap0 = f: xs: genList (i: f i (elemAt xs i)) (length xs);
  imap1 = f: xs: genList (i: f (i + 1) (elemAt xs i)) (length xs);
  forEach = xs: f: map f xs;
  concatImap = f: xs: concatLists (imap1 f xs);
  reverseList = xs: genList (i: elemAt xs (length xs - 1 - i)) (length xs);
  flatten = x: if isList x then concatMap flatten x else [ x ];
  remove = x: filter (y: y != x);
  subtractLists = unwanted: filter (x: !elem x unwanted);
  intersectLists = xs: filter (x: elem x xs);
  mutuallyExclusive = xs: ys: intersectLists xs ys == [ ];
  unique = foldl' (seen: x: if elem x seen then seen else seen ++ [ x ]) [ ];
  allUnique = xs: length (unique xs) == length xs;
  count = wanted: foldl' (n: x: if wanted x then n + 1 else n) 0;

  sublist =
    start: n: xs:
    let
      rest = length xs - start;
    in
    genList (i: elemAt xs (start + i)) (lib.max 0 (lib.min n rest));
  take = n: sublist 0 n;
  drop = n: xs: sublist n (length xs) xs;
  last =
    xs: if xs == [ ] then throw "lists.last: list must not be empty!" else elemAt xs (length xs - 1);
  init =
    xs: if xs == [ ] then throw "lists.init: list must not be empty!" else take (length xs - 1) xs;
  hasPrefix = start: xs: take (length start) xs == start;

  findFirst =
    wanted: default: xs:
    let
      found = filter wanted xs;
    in
    if found == [ ] then default else head found;
  findSingle =
    wanted: none: many: xs:
    let
      found = filter wanted xs;
    in
    if found == [ ] then
      none
    else if length found > 1 then
      many
    else
      head found;

  zipListsWith =
    f: xs: ys:
    genList (i: f (elemAt xs i) (elemAt ys i)) (lib.min (length xs) (length ys));
  zipLists = zipListsWith (fst: snd: { inherit fst snd; });
  crossLists = f: foldl' (fs: xs: concatMap (g: map g xs) fs) [ f ];

  sortOn =
    key: xs:
    map (pair: pair.value) (
      sort (a: b: a.key < b.key) (
        map (value: {
          key = key value;
          inherit value;
        }) xs
      )
    );
  naturalSort = sort lib.lessThan;
}
