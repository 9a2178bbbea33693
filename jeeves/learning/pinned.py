"""Which starter this version of Jeeves was shipped with. Written by scripts/train_starter."""

#: SHA-256 of the starter's manifest.json, which holds the digests of its other files.
STARTER_MANIFEST_SHA256 = "b03aa381d72a4307d2b877148bf78ab12cbfc36a64ba48a3422f074aeee5b979"
