"""What one event costs, call by call: `python -m benchmarks.calls --rounds 9`.

Microseconds of processor time for the example `typical` of each raw event, of the code that is written for a schema
and of the interpreted one that it stands beside (`schemas.contract`, fastavro, Python's JSON), in turns; the lowest
round of each. Needs no broker.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from schemas.catalog import SCHEMAS, load_catalog
from schemas.codec import Codec
from schemas.json_events import parse_event, read_carefully

CALLS = 10_000
Call = Callable[[], object]


def calls(codec: Codec, text: str) -> dict[str, tuple[Call, Call]]:
    """By name the interpreted call and the one that is used."""
    contract, event = codec.contract, parse_event(text)
    record, layout = contract.to_record(event), codec._own

    return {
        "JSON text to object": (lambda: read_carefully(text), lambda: parse_event(text)),
        "object to record": (lambda: contract.root.from_json(event, None), lambda: contract.to_record(event)),
        "record's bounds": (lambda: contract.root.check(record), lambda: contract.check(record)),
        "record to bytes": (lambda: layout.write(record), lambda: codec.write(record)),
    }


def seconds(call: Call) -> float:
    """Of one call."""
    begun = time.process_time()
    for _ in range(CALLS):
        call()
    return (time.process_time() - begun) / CALLS


def main() -> None:
    """Every call of every event, in turns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_args()
    catalog = load_catalog()
    topic = catalog.stage_topic("raw")
    for event in catalog.topics[topic].events:
        text = (SCHEMAS / "examples" / "raw" / event / "valid" / "typical.json").read_text("utf-8").strip()
        for name, both in calls(Codec(catalog.newest(topic, event), 1), text).items():
            rounds = [[seconds(call) for call in both] for _ in range(given.rounds)]
            interpreted, used = (min(each) * 1e6 for each in zip(*rounds, strict=True))
            print(f"{event:16} {name:20} {interpreted:6.2f} → {used:5.2f} µs")  # noqa: T201


if __name__ == "__main__":
    main()
