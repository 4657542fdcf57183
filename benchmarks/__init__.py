"""Each number in the README comes from a module here: ``python -m benchmarks.NAME --json``."""
