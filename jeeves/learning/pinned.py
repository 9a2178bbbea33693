"""Which starter this version of Jeeves was shipped with. Written by scripts/train_starter."""

#: SHA-256 of the starter's manifest.json, which holds the digests of its other files.
STARTER_MANIFEST_SHA256 = "b9e2976e098326e84196f81e4dd1ab7420da312c961d18f6bde3444fa027d3df"
