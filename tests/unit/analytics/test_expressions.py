"""Expressions over an event's fields become expressions over the decoded columns."""

from __future__ import annotations

import pytest

from analytics.expressions import field_names, qualify, rows_by_event, text
from analytics.writers import TopicSchemas
from avrogate.errors import ConfigError
from schemas.catalog import Catalog

FIELDS = ["country", "user_id", "info", "date"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("country", "`E`.country"),
        ("coalesce(country, 'Unknown')", "coalesce(`E`.country, 'Unknown')"),
        ("info.platform", "`E`.info.platform"),
        ("'country'", "'country'"),
        ('"country"', '"country"'),
        (r"'it\'s country' || country", r"'it\'s country' || `E`.country"),
        ("'' || country", "'' || `E`.country"),
        ("`country`", "`country`"),
        ("date(country)", "date(`E`.country)"),
        ("date (country)", "date (`E`.country)"),
        ("other.country", "other.country"),
        ("mycountry + country2", "mycountry + country2"),
        ("country = user_id AND 1.5 > 1e3", "`E`.country = `E`.user_id AND 1.5 > 1e3"),
        ("CASE WHEN country IS NULL THEN 0 END", "CASE WHEN `E`.country IS NULL THEN 0 END"),
        ("NULL", "NULL"),
    ],
)
def test_fields_are_qualified_and_nothing_else(given: str, expected: str) -> None:
    assert qualify(given, "E", FIELDS) == expected


def test_rows_by_event() -> None:
    assert rows_by_event({"A": ["x", "y"], "B": [], "C": ["z"]}) == (
        "CASE event WHEN 'A' THEN array(x, y) WHEN 'C' THEN array(z) END"
    )


def test_literals_are_escaped() -> None:
    assert text(r"a'b\c") == r"'a\'b\\c'"


def test_an_event_that_is_not_there_is_named_with_who_asked(catalog: Catalog) -> None:
    init = catalog.newest("events-enriched", "init")
    schemas = TopicSchemas("events-enriched", {init.short_name: init}, {})
    assert "country" in field_names(schemas, "Init", "KPI x")
    with pytest.raises(ConfigError, match="KPI x: topic events-enriched has no event Refund"):
        field_names(schemas, "Refund", "KPI x")
