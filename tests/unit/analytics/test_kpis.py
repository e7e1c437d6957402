"""KPIs are found by walking their folder, and each says what it counts."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

import pytest

import analytics.kpis
from analytics.kpis import Contribution, Kpi, kpi_of, shipped_kpis
from avrogate.errors import ConfigError
from schemas.catalog import Catalog

FILES = sorted(info.name for info in pkgutil.iter_modules(analytics.kpis.__path__))


@pytest.mark.parametrize("name", FILES)
def test_every_file_says_what_its_kpi_is(name: str) -> None:
    module = importlib.import_module(f"analytics.kpis.{name}")
    documentation = module.__doc__ or ""
    for heading in ("Grain ", "Counts ", "Money "):
        assert any(line.startswith(heading) for line in documentation.splitlines()), heading
    assert kpi_of(module).name == name.replace("_", "-")


def test_what_is_shipped_in_the_order_of_its_tables() -> None:
    known = ["purchases", "revenue", "users", "matches", "revenue-by-country", "matches-by-country"]
    assert [kpi.name for kpi in shipped_kpis() if kpi.name in known] == known


def test_every_kpi_is_of_events_that_there_are(catalog: Catalog) -> None:
    events = {
        catalog.newest("events-enriched", event).short_name for event in catalog.topics["events-enriched"].events
    }
    assert {part.event for kpi in shipped_kpis() for part in kpi.parts} <= events


def test_a_match_gives_both_its_players() -> None:
    users = next(kpi for kpi in shipped_kpis() if kpi.name == "users")
    assert {part.event: part.users for part in users.parts} == {
        "Init": ("user_id",),
        "Match": ("user_a", "user_b"),
        "InAppPurchase": ("user_id",),
    }


@pytest.mark.parametrize(
    ("given", "measure"),
    [
        ({}, "count"),
        ({"users": ("user_id",)}, "users"),
        ({"amount": "purchase_value"}, "amount"),
        ({"amount": "purchase_value", "users": ("user_id",)}, "amount"),
        ({"amount": "purchase_value", "users": ("user_id",), "show": "users"}, "users"),
        ({"amount": "purchase_value", "users": ("user_id",), "show": "amount-per-user"}, "amount-per-user"),
    ],
)
def test_the_number_that_a_table_shows(given: dict[str, object], measure: str) -> None:
    assert Kpi(name="x", event="InAppPurchase", **given).measure == measure  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": "Big Spenders", "event": "Init"}, "lower-case"),
        ({"name": "_read", "event": "Init"}, "lower-case"),
        ({"name": "x"}, "either"),
        ({"name": "x", "event": "Init", "users": ("u",), "show": "amount-per-user"}, "declares no `amount`"),
        ({"name": "x", "event": "Init", "amount": "a", "show": "amount-per-user"}, "declares no `users`"),
        ({"name": "x", "event": "Init", "contributions": (Contribution(event="Match"),)}, "either"),
        (
            {
                "name": "x",
                "contributions": (
                    Contribution(event="Init", dimensions={"country": "country"}),
                    Contribution(event="Match"),
                ),
            },
            "same dimensions",
        ),
    ],
)
def test_a_wrong_declaration_says_what_is_wrong(given: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Kpi(**given)  # type: ignore[arg-type]


def test_a_file_without_a_kpi_is_named() -> None:
    with pytest.raises(ConfigError, match=r"analytics/kpis/empty\.py declares no `kpi`"):
        kpi_of(ModuleType("analytics.kpis.empty"))
