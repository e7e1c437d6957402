"""A fourth event, with a rule and a KPI of its own, in a copy of the tree: from `schemas new` to the reports.

Every command runs in the copy, on the copy's code; of the files that were there only `catalog.yaml` may change.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from avrogate.settings import Settings
from conftest import environment
from schemas.catalog import shipped_catalog

pytestmark = [pytest.mark.stack, pytest.mark.spark]

ROOT = Path(__file__).parents[2]
PACKAGES = ("avrogate", "schemas", "producers", "processors", "analytics")
TESTS = ("conftest.py", "pyproject.toml", "tests/conftest.py", "tests/doubles", "tests/unit/processors")
EVENT = "cup-entry"
NOON = 1_767_268_800  # 2026-01-01T12:00:00Z
MONEY = {"type": "number", "minimum": 0, "x-avro": {"logicalType": "decimal", "precision": 18, "scale": 2}}
FIELDS = {
    "cup-id": {"description": "Which cup.", "type": "string", "minLength": 1, "maxLength": 100},
    "entry-fee": {"description": "What it costs to enter, in the one currency.", **MONEY},
    "prize": {"description": "What the winner gets, in the one currency.", **MONEY},
}
VALUES = {"cup-id": "spring", "entry-fee": 2.5, "prize": 100}

RULE = '''"""A prize is worth the entry.

Refuses  an entry into a cup whose prize is less than the entry fee
Fixes    nothing
Example  a prize of 1 for a fee of 2.50 is refused
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from processors.rules import Context, RecordRule, Refusal


def apply(values: Mapping[str, Any], context: Context) -> Refusal | None:
    """Compare the prize with the fee."""
    if values["prize"] >= values["entry_fee"]:
        return None
    return Refusal(f"{values['prize']} is less than the entry fee of {values['entry_fee']}", "prize")


rule = RecordRule(
    name="worthy-prize", reads={"prize": "decimal(18,2)", "entry_fee": "decimal(18,2)"}, apply=apply, order=120
)
'''
CASES = """refuses:
  - {event: cup-entry, given: {entry-fee: 3, prize: 2}, message: 2.00 is less than the entry fee of 3.00}
keeps:
  - {event: cup-entry, given: {entry-fee: 3, prize: 3}}
"""
KPI = '''"""Entry fees of a minute, by country.

Grain      one row per UTC minute and country
Counts     entries into cups; those of users who were never seen are under `Unknown`
Money      exact decimal, in the one currency of the events
"""

from analytics.kpis import Kpi

kpi = Kpi(
    name="entry-fees-by-country",
    event="CupEntry",
    reads={"country": "string | null", "entry_fee": "decimal(18,2)"},
    dimensions={"country": "coalesce(country, 'Unknown')"},
    amount="entry_fee",
)
'''
INFO = {"coin-balance-after-match": 1, "level-after-match": 1, "device": "a phone", "platform": "web"}

Json = dict[str, Any]


class Copy:
    """A copy of the tree, and its command line."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder = folder
        self._variables = environment(settings) | {"PYTHONPATH": str(folder)}
        for name in (*PACKAGES, *TESTS):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / name, target)

    def python(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments], cwd=self.folder, env=self._variables, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def avrogate(self, *arguments: str) -> str:
        return self.python("-c", "from avrogate.cli import main; main()", *arguments)

    def json(self, *arguments: str) -> Any:
        return json.loads(self.avrogate(*arguments, "--format", "json"))

    def content(self) -> dict[str, bytes]:
        """Every file but what Python compiles, by its path."""
        files = (file for file in self.folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
        return {file.relative_to(self.folder).as_posix(): file.read_bytes() for file in files}


def entry(user: str | int, fee: Any, prize: Any = 100, after: int = 5) -> Json:
    return {
        "event-type": EVENT,
        "time": NOON + after,
        "user-id": user,
        "cup-id": "spring",
        "entry-fee": fee,
        "prize": prize,
    }


LINES = [
    {"event-type": "init", "time": NOON, "user-id": "ann", "country": "PT", "platform": "ios"},
    {"event-type": "init", "time": NOON, "user-id": 42, "country": "US", "platform": "Android"},
    entry("ann", 2.5),
    entry(42, 0.1),
    entry("42", 0.2),
    entry("zoe", 5, prize=5),  # in no other event: only the daily users of `any` show her
    entry("bob", 5, prize=4.99),  # refused by the rule
    entry("ann", 1.999),  # refused by the contract
    entry("ann", 1, after=60),
    {"event-type": "in-app-purchase", "time": NOON + 6, "purchase_value": 9.99, "user-id": "ann", "product-id": "x"},
    {
        "event-type": "match",
        "time": NOON + 7,
        "user-a": "ann",
        "user-b": "bob",
        "user-a-postmatch-info": INFO,
        "winner": "bob",
        "game-tier": 3,
        "duration": 60,
    },
]
MINUTES = ("2026-01-01T12:00:00", "2026-01-01T12:01:00")
EXPECTED = {
    ("entry-fees-by-country", MINUTES[0], "Portugal"): (1, "2.50", None),
    ("entry-fees-by-country", MINUTES[0], "United States"): (2, "0.30", None),
    ("entry-fees-by-country", MINUTES[0], "Unknown"): (1, "5.00", None),
    ("entry-fees-by-country", MINUTES[1], "Portugal"): (1, "1.00", None),
    ("purchases", MINUTES[0], None): (1, None, None),
    ("revenue", MINUTES[0], None): (1, "9.99", None),
    ("revenue-by-country", MINUTES[0], "Portugal"): (1, "9.99", None),
    ("matches", MINUTES[0], None): (1, None, None),
    ("matches-by-country", MINUTES[0], "Portugal"): (1, None, None),
    ("users", MINUTES[0], None): (4, None, 3),  # ann, 42 and bob: the KPI names the events that it counts
}
DAILY = {
    ("Portugal", "IOS"): 1,
    ("Portugal", "WEB"): 1,  # ann's match
    ("United States", "ANDROID"): 1,
    ("Unknown", "Unknown"): 2,  # zoe, and bob of the match
}


def write_the_event(folder: Path) -> None:
    """What its author does: own fields for the example's, the rule with its cases, the KPI."""
    for stage in ("raw", "enriched"):
        schema = json.loads((folder / f"schemas/json/{stage}/{EVENT}/v1.json").read_text())
        del schema["properties"]["replace-me"]
        refer = {name: {"$ref": f"../../raw/{EVENT}/v1.json#/properties/{name}"} for name in FIELDS}
        schema["properties"] |= FIELDS if stage == "raw" else refer
        schema["required"] = [name for name in schema["required"] if name != "replace-me"] + list(FIELDS)
        (folder / f"schemas/json/{stage}/{EVENT}/v1.json").write_text(json.dumps(schema, indent=2))
    for file in (folder / "schemas/examples").glob(f"*/{EVENT}/*/*.json"):
        example = json.loads(file.read_text())
        del example["replace-me"]
        file.write_text(json.dumps(example | VALUES))
    (folder / "processors/rules/worthy_prize.py").write_text(RULE)
    (folder / "processors/rules/worthy_prize.yaml").write_text(CASES)
    (folder / "analytics/kpis/entry_fees_by_country.py").write_text(KPI)
    (folder / "events.jsonl").write_text("".join(json.dumps(line) + "\n" for line in LINES))


def reports(copy: Copy) -> list[Json]:
    """Daily users and minute KPIs, computed side by side."""
    commands = [("daily-users", "--activity", "any"), ("minute-kpis", "--once")]
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda command: copy.json("analytics", *command), commands))


def test_from_its_skeleton_to_the_reports(tmp_path: Path, empty_stack: Settings) -> None:
    copy = Copy(tmp_path / "tree", empty_stack)
    run, before = copy.avrogate, copy.content()
    imported = copy.python(
        "-c", "import " + ", ".join(PACKAGES) + f"; print({', '.join(f'{p}.__file__' for p in PACKAGES)})"
    )
    assert imported.count(str(copy.folder)) == len(PACKAGES)

    run("schemas", "new", EVENT)
    write_the_event(copy.folder)
    assert run("schemas", "derive").count("changed") >= 2
    assert "no findings" in run("schemas", "check")
    copy.python("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/unit/processors/test_rules.py")

    run("topics", "create")
    assert f"{len(shipped_catalog().versions) + 2} new" in run("schemas", "register")
    sent = run("produce", "--from", "events.jsonl")
    assert "too-many-decimals" in sent
    run("process", "--until-idle", "1")

    run("analytics", "lake", "--until-idle", "0")
    daily, minutes = reports(copy)
    found = {(row["country"], row["platform"]): row["users"] for row in daily["rows"]}
    assert (found, daily["totals"]) == (DAILY, [{"day": "2026-01-01", "users": 4}])
    assert {
        (row["kpi"], row["minute"][:19], row["dimensions"].get("country")): (
            row["count"],
            row["amount"],
            row["users"],
        )
        for row in minutes["rows"]
        if row["kpi"] in {kpi for kpi, _, _ in EXPECTED}
    } == EXPECTED

    assert "prize: 4.99 is less than the entry fee of 5.00" in run("dead-letters", "list")
    (shown,) = run("dead-letters", "show", "--reason", "worthy-prize").splitlines()
    letter = json.loads(shown)["letter"]
    assert (letter["stage"], letter["rule"], letter["field"]) == ("processor", "worthy-prize", "prize")
    audited = copy.json("audit")
    totals = {
        name: sum(one[name] for one in audited["partitions"]) for name in ("events", "enriched", "dead_letters")
    }
    assert totals == {"events": 10, "enriched": 9, "dead_letters": 1}
    assert sum(audited["refused_by_producer"].values()) == 1

    assert_nothing_else_changed(before, copy.content())


def assert_nothing_else_changed(before: dict[str, bytes], after: dict[str, bytes]) -> None:
    """Of the files that were there only the catalog is another, by two equal lines."""
    assert {name for name in before if after.get(name) != before[name]} == {"schemas/catalog.yaml"}
    old, new = (files["schemas/catalog.yaml"].decode().splitlines() for files in (before, after))
    added = f"      {EVENT}: {{key: user-id}}"
    assert (new.count(added), [line for line in new if line != added]) == (2, old)
    made = after.keys() - before.keys() - {"events.jsonl"}
    code = {name for name in made if not name.startswith("schemas/")}
    assert code == {
        "processors/rules/worthy_prize.py",
        "processors/rules/worthy_prize.yaml",
        "analytics/kpis/entry_fees_by_country.py",
    }
    assert all(f"/{EVENT}/" in name for name in made - code)
