{ makeToy }:
makeToy {
  pname = "figlet";
  version = "2.2.5";
  description = "Big letters";
}
