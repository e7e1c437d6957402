"""What Avrogate takes: `make bench` for the whole table, and programs that look at one thing each."""
