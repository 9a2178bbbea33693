"""Which starter this version of Jeeves was shipped with. Written by scripts/train_starter."""

#: SHA-256 of the starter's manifest.json, which holds the digests of its other files.
STARTER_MANIFEST_SHA256 = "0d72fc5e046fee4c237d02b1137fa954e21499eb5e6d6a839b6d1c772f2a7d19"
