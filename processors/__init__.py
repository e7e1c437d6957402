"""The quality processor: every raw event gets one outcome, enriched or dead letter, exactly once."""
