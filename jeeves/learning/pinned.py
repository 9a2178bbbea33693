"""Which starter this version of Jeeves was shipped with. Written by scripts/train_starter."""

#: SHA-256 of the starter's manifest.json, which holds the digests of its other files.
STARTER_MANIFEST_SHA256 = "6e83d1a9d23074446c4c5968042bdce7e32ee3e16772ad56f74de8a5638932d4"
