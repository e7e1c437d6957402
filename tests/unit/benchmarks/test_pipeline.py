"""What is read of the pipeline's words."""

from __future__ import annotations

from benchmarks.measures.pipeline import parts

SAID = """
start the local stack (6.5 s) ─────────
started: kafka, registry
daily users (1.5 s) ───────────────────
19,889 events read (all of them)
"""


def test_the_steps_and_their_seconds():
    assert parts(SAID) == [("start the local stack", "6.5"), ("daily users", "1.5")]
