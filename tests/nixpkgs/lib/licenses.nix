# Some licences, by the names that `meta.license` uses.
builtins.mapAttrs
  (
    shortName: text:
    {
      inherit shortName;
      inherit (text) spdxId fullName;
      free = text.free or true;
      url = "https://spdx.org/licenses/${text.spdxId}.html";
      redistributable = text.free or true;
      deprecated = false;
    }
  )
  {
    agpl3Plus = {
      spdxId = "AGPL-3.0-or-later";
      fullName = "GNU Affero General Public License v3.0 or later";
    };
    asl20 = {
      spdxId = "Apache-2.0";
      fullName = "Apache License 2.0";
    };
    bsd2 = {
      spdxId = "BSD-2-Clause";
      fullName = "BSD 2-clause \"Simplified\" License";
    };
    bsd3 = {
      spdxId = "BSD-3-Clause";
      fullName = "BSD 3-clause \"New\" or \"Revised\" License";
    };
    cc0 = {
      spdxId = "CC0-1.0";
      fullName = "Creative Commons Zero v1.0 Universal";
    };
    gpl2Plus = {
      spdxId = "GPL-2.0-or-later";
      fullName = "GNU General Public License v2.0 or later";
    };
    gpl3Only = {
      spdxId = "GPL-3.0-only";
      fullName = "GNU General Public License v3.0 only";
    };
    gpl3Plus = {
      spdxId = "GPL-3.0-or-later";
      fullName = "GNU General Public License v3.0 or later";
    };
    isc = {
      spdxId = "ISC";
      fullName = "ISC License";
    };
    lgpl3Plus = {
      spdxId = "LGPL-3.0-or-later";
      fullName = "GNU Lesser General Public License v3.0 or later";
    };
    mit = {
      spdxId = "MIT";
      fullName = "MIT License";
    };
    mpl20 = {
      spdxId = "MPL-2.0";
      fullName = "Mozilla Public License 2.0";
    };
    unlicense = {
      spdxId = "Unlicense";
      fullName = "The Unlicense";
    };
  }
