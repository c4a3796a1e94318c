{ makeToy }:
makeToy {
  pname = "cowsay";
  version = "3.8.4";
  description = "A cow that says things";
  postInstall = "ln -s cowsay $out/bin/cowthink";
}
