"""Which starter this version of Jeeves was shipped with. Written by scripts/train_starter."""

#: SHA-256 of the starter's manifest.json, which holds the digests of its other files.
STARTER_MANIFEST_SHA256 = "15fe48f6122d80c991f1d8e276bb80cfefa8d3985cc590787f7f495ec5e9e4a7"
