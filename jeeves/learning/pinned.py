"""Which starter this version of Jeeves was shipped with. Written by scripts/train_starter."""

#: SHA-256 of the starter's manifest.json, which holds the digests of its other files.
STARTER_MANIFEST_SHA256 = "3e504a0b77e0bbb8db369498c4d03a7e7c460c8439936e13aad72c884aa3382b"
