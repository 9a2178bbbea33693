"""What `scripts/bench/ingest` measures: pulling, distance, parsing, reaction, idling."""
