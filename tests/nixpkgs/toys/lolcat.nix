{ makeToy }:
makeToy {
  pname = "lolcat";
  version = "100.0.1";
  description = "Coloured lines";
}
