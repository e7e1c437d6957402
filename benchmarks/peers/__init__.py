"""The contenders of the rows about the processor: `python -m benchmarks.peers.<name>`, a job on standard input."""
