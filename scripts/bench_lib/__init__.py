"""The benchmarks behind `scripts/bench`. docs/benchmarks.md says what they measure and what was measured."""
