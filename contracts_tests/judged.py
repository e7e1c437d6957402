"""One schema before its two judges, and the count of what its events broke."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from avrogate.errors import InvalidEvent
from schemas.contract import compile_contract
from schemas.derive import derive
from schemas.json_events import event_text
from schemas.validate import parse, validator

Steps = tuple[str, ...]


@dataclass
class Tally:
    """What one schema's events came to."""

    name: str
    keywords: set[Steps]
    events: int = 0
    invalid: int = 0
    only_encoder: int = 0  # valid ones that the encoder refuses
    broken: Counter[Steps] = field(default_factory=Counter)  # by the keyword's path; its applicators as well
    stricter: Counter[tuple[Steps, str]] = field(default_factory=Counter)  # by place and reason

    def of_keywords(self) -> dict[Steps, int]:
        """How often each keyword of the schema was broken."""
        return {path: self.broken[path] for path in self.keywords}


class Judged:
    """A schema (`avro`: references written out) with everything that is needed to aim at it and to judge.

    The walk over its keywords, the aims and the valid values come from the test doubles.
    """

    def __init__(self, name: str, file: Path, avro: dict[str, Any], places: ModuleType, events: ModuleType) -> None:
        self.places = places
        self.contract = compile_contract(avro)
        self.valid = events.valid_values(avro)
        self.nodes = places.nodes(file)
        self.leaves = {node.steps for node in self.nodes if "properties" not in node.exact}
        self.by_schema = validator(file)
        self.tally = Tally(name, {path for node in self.nodes for path in node.keywords})
        self.reads_back_as_sent = "json-optional" not in json.dumps(avro)
        # a record in a file of its own has a loss report of its own
        files = {file.resolve()} | {node.target.file for node in self.nodes if not node.target.pointer}
        self.report = {
            (entry.source, entry.pointer, entry.reason) for each in files for entry in derive(each).stricter
        }

    def stricter_places(self) -> list[tuple[Any, str]]:
        """Each node at which the loss report says that the encoder alone refuses something, and the reason."""
        return [
            (node, reason)
            for node in self.nodes
            for source, pointer, reason in sorted(self.report)
            if (source, pointer) == (node.target.source, node.target.pointer)
        ]

    def judge(self, event: Any) -> tuple[set[Steps], InvalidEvent | None]:
        """Ask both, and hold them to each other. What JSON Schema finds broken, and the encoder's refusal."""
        broken = self.places.broken(list(self.by_schema.iter_errors(event)))
        assert broken <= self.tally.keywords, f"nothing aims at {broken - self.tally.keywords}"
        self.tally.events += 1
        self.tally.invalid += bool(broken)
        self.tally.broken.update(broken | {path for each in broken for path in self.places.above(each)})
        try:
            record = self.contract.to_record(event)
        except InvalidEvent as error:
            known = {reason for _, _, reason in self.report}
            assert broken or error.reason in known, f"only the encoder refuses: {error.message}"
            self.tally.only_encoder += not broken
            return broken, error
        assert not broken, f"only JSON Schema refuses: {broken}"
        self.contract.check(record)
        again = self.contract.to_event(record)
        assert self.contract.to_record(again) == record
        return broken, None

    def judge_valid(self, event: Any) -> None:
        """An event that is meant to be valid: accepted by both, and it comes back."""
        broken, refused = self.judge(event)
        assert not broken
        assert refused is None, refused
        again = self.contract.to_event(self.contract.to_record(event))
        assert again == event if self.reads_back_as_sent else self.by_schema.is_valid(again)
        assert parse(event_text(event)) == event

    def judge_aimed(self, event: Any, aim: Any) -> None:
        """An event that is meant to break one keyword, or to be refused by the encoder alone for one reason."""
        broken, refused = self.judge(event)
        if aim.reason:
            assert not broken
            assert refused is not None and refused.reason == aim.reason, refused
            self.tally.stricter[aim.at, aim.reason] += 1
        else:
            # a value of another type is none of an enum's either: beside enum and const nothing is broken alone
            beside = {(*aim.at, "enum"), (*aim.at, "const")}
            assert aim.path in broken <= beside | {aim.path}
