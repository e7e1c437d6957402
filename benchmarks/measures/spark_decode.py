"""Spark: every field of every event, next to reading the bytes and looking at none of them."""

from __future__ import annotations

from benchmarks.decode import BARE, DECODED, QUICK_BARE, readings
from benchmarks.measure import Bench, Figures, Measure

AS_SPARK_READS = Measure(
    name="Spark, decoding ÷ bare reading as Spark's source does it by itself",
    ours="seconds to read and decode all fields of all events, to Spark's `noop` sink",
    other="seconds to read the bytes with Spark's Kafka source, with no client option set",
    unit="s",
    bound="at most",
    target=1.15,
    acceptable=1.25,
)
AS_WE_READ = Measure(
    name="Spark, decoding ÷ bare reading with our client options",
    ours="the same seconds",
    other="seconds to read the bytes with the client options that the analytics set",
    unit="s",
    bound="at most",
    target=1.15,
    acceptable=1.25,
)
MEASURES = (AS_SPARK_READS, AS_WE_READ)
# Spark takes longer to begin than to read what the other rows send
SCALE = 10


def run(bench: Bench) -> dict[str, Figures]:
    """The three readings in turns."""
    settings = bench.settings.model_copy(update={"home": bench.home})
    events = SCALE * bench.events
    bench.say(f"writing {events:,} enriched events")
    with readings(settings, events) as ways:
        bench.say(f"reading them {bench.rounds} times in three ways")
        taken = ways.in_turns(bench.rounds)
    decoded = taken[DECODED]["seconds"]
    work = {name: sum(each["cpu"]) / bench.rounds for name, each in taken.items()}
    said = f"processor seconds a round: {', '.join(f'{name} {seconds:.2f}' for name, seconds in work.items())}"
    notes = [f"{events:,} events of three kinds", said]
    return {
        AS_SPARK_READS.name: Figures(decoded, taken[BARE]["seconds"], notes),
        AS_WE_READ.name: Figures(list(decoded), taken[QUICK_BARE]["seconds"], ["what decoding itself takes", *notes]),
    }
