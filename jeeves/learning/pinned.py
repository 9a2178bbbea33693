"""Which starter this version of Jeeves was shipped with. Written by scripts/train_starter."""

#: SHA-256 of the starter's manifest.json, which holds the digests of its other files.
STARTER_MANIFEST_SHA256 = "26cc47a9300f33158e894e6aeecb788ed0a46b09b507e5eb99d3423f2cae910d"
