"""The rows of `make bench`, a file each (`benchmarks.measure`)."""
