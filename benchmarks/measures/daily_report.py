"""The daily users: what older days in the lake cost, and what more events of the day do."""

from __future__ import annotations

from pyspark.sql import SparkSession

from analytics.session import spark_session
from benchmarks.lakes import BenchmarkLake, filled
from benchmarks.measure import Bench, Figures, Measure

DAYS, MORE = 30, 10
# a report takes a second, and what else the machine does is seen in each: so many for a round, so many before
REPORTS, WARM_UP = 3, 4
OLDER_DAYS = Measure(
    name=f"daily report of one day, lake of {DAYS} days ÷ lake of that day",
    ours=f"seconds of the report on a lake of {DAYS} days, in a warm session",
    other="seconds on a lake of that one day, with the same events",
    unit="s",
    bound="at most",
    target=1.3,
    acceptable=1.5,
)
MORE_EVENTS = Measure(
    name=f"daily report of {MORE} × the events",
    ours=f"seconds of the report on a lake of one day with {MORE} × N events, in a warm session",
    other="seconds with N events",
    unit="s",
    bound="at most",
    target=10.5,
    acceptable=11,
)
MEASURES = (OLDER_DAYS, MORE_EVENTS)


def run(bench: Bench) -> dict[str, Figures]:
    """Both pairs of lakes, asked in turns."""
    settings = bench.settings.model_copy(update={"home": bench.home})
    a_day, few = max(bench.events // 5, 1), bench.events
    spark = spark_session(settings, "benchmark", long_running=True)
    try:

        def lake(name: str, days: int, events: int) -> BenchmarkLake:
            bench.say(f"filling a lake of {days} days with {events:,} events a day")
            return filled(spark, settings, bench.home / name, days, events)

        days = in_turns(spark, lake("many-days", DAYS, a_day), lake("one-day", 1, a_day), bench.rounds)
        days.notes.append(f"{a_day:,} events a day")
        more = in_turns(spark, lake("more", 1, MORE * few), lake("fewer", 1, few), bench.rounds)
        more.notes.append(f"N is {few:,} events")
    finally:
        spark.stop()
    return {OLDER_DAYS.name: days, MORE_EVENTS.name: more}


def in_turns(spark: SparkSession, ours: BenchmarkLake, other: BenchmarkLake, rounds: int) -> Figures:
    """Seconds of the report on each lake, round by round, `REPORTS` times as many; the first ones warm up."""
    figures, events = Figures(), [0, 0]
    for number in range(-WARM_UP, REPORTS * rounds):
        for place, (lake, seconds) in enumerate(((ours, figures.ours), (other, figures.other))):
            taken, found = lake.report(spark)
            events[place] = found.freshness.events
            if number >= 0:
                seconds.append(taken)
    figures.notes.append(f"events read: {events[0]:,} and {events[1]:,}")
    return figures
