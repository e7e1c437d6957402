"""The loss report: per file and place, what Avro does not say and what the encoder refuses beyond the JSON Schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from schemas.derive.losses import STRICTER, Loss, Stricter

if TYPE_CHECKING:
    from schemas.derived import DerivedFile

COLUMNS = ("place", "what", "held by")


def report_tables(files: Iterable[DerivedFile]) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """For each file its name and rows (`COLUMNS`): a keyword, or a reason of the encoder and what it refuses."""
    for file in _derived(files):
        name = _name(file)
        rows = [(_place(name, loss), loss.keyword, loss.enforced) for loss in (*file.losses, *file.notes)]
        rows += [(_place(name, one), f"{one.reason}: {one.refuses}", "encoder alone") for one in file.stricter]
        yield name, rows


def report_json(files: Iterable[DerivedFile]) -> dict[str, Any]:
    """The report as JSON: the reasons why the encoder may be stricter, and for each file three lists.

    not-in-avro   constraints: keyword, where it stands, who enforces it
    told-apart    what is not in Avro's words and no constraint: units, defaults, closed objects, null and absent
    refused-also  what the encoder refuses though the JSON Schema allows it, by reason
    """
    return {"reasons": STRICTER, "files": {_name(file): _lists(file) for file in _derived(files)}}


def _lists(file: DerivedFile) -> dict[str, list[dict[str, str]]]:
    lost = {"not-in-avro": file.losses, "told-apart": file.notes}
    lists = {
        title: [
            {"source": loss.source, "pointer": loss.pointer, "keyword": loss.keyword, "enforced": loss.enforced}
            for loss in losses
        ]
        for title, losses in lost.items()
    }
    refused = [
        {"source": one.source, "pointer": one.pointer, "reason": one.reason, "refuses": one.refuses}
        for one in file.stricter
    ]
    return {**lists, "refused-also": refused}


def _name(file: DerivedFile) -> str:
    return "/".join(file.json_file.parts[-3:])


def _place(name: str, one: Loss | Stricter) -> str:
    return one.pointer if one.source == name else f"{one.source}#{one.pointer}"


def _derived(files: Iterable[DerivedFile]) -> Iterator[DerivedFile]:
    return (file for file in files if file.state != "orphan")
