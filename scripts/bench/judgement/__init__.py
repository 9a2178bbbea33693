"""What `scripts/bench/judge` measures: quality, ablation, speed, cold starts."""
