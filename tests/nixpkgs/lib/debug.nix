# Showing values while they are evaluated.
_: rec {
  traceIf = condition: message: value: if condition then builtins.trace message value else value;
  traceVal = traceValFn (x: x);
  traceValFn = f: x: builtins.trace (f x) x;
  traceSeq = x: builtins.trace (builtins.deepSeq x x);
  traceValSeq = x: traceSeq x x;

  # The tests of `{ name = { expr, expected }; }` that fail.
  runTests =
    tests:
    builtins.concatMap (
      name:
      let
        test = tests.${name};
      in
      if test.expr == test.expected then
        [ ]
      else
        [
          {
            inherit name;
            inherit (test) expected;
            result = test.expr;
          }
        ]
    ) (builtins.filter (name: builtins.substring 0 4 name == "test") (builtins.attrNames tests));
}
