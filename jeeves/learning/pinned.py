"""Which starter this version of Jeeves was shipped with. Written by scripts/train_starter."""

#: SHA-256 of the starter's manifest.json, which holds the digests of its other files.
STARTER_MANIFEST_SHA256 = "bfa2eb2609802550b38da50c2368e8a29c874b396737778d7ada6d146b2ad02d"
