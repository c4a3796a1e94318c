{ makeToy }:
makeToy {
  pname = "fortune";
  version = "1.0";
  description = "Sayings";
}
