# Twelve packages that come from a binary cache or not at all: their builder is content only where
# the cache of the tests is made.  Each is a megabyte that no compression makes smaller.
system:
builtins.listToAttrs (
  builtins.genList (
    number:
    let
      name = "word${toString number}";
    in
    {
      inherit name;
      value =
        derivation {
          inherit name system;
          builder = "/bin/sh";
          args = [
            "-c"
            ''
              PATH=/usr/bin:/bin
              if [ ! -e /tmp/here-the-cache-is-made ]; then echo "$name is not to be built"; exit 1; fi
              mkdir -p $out/bin
              head -c 1000000 /dev/urandom > $out/noise
              printf '#!/bin/sh\necho %s\n' "$name" > $out/bin/$name
              chmod +x $out/bin/$name
            ''
          ];
        }
        // {
          meta.mainProgram = name;
        };
    }
  ) 12
)
