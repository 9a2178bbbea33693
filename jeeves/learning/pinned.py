"""Which starter this version of Jeeves was shipped with. Written by scripts/train_starter."""

#: SHA-256 of the starter's manifest.json, which holds the digests of its other files.
STARTER_MANIFEST_SHA256 = "4470f8d161d70a7b8611663f2b0b2f9a577993003c1eca61a7b8a77f9dd12bf8"
