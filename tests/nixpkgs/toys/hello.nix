{ makeToy }:
makeToy {
  pname = "hello";
  version = "2.12.1";
  description = "A friendly greeting";
}
