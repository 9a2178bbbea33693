"""What `scripts/bench/alerts` measures: deliveries among faults and kills, and the reaction."""
