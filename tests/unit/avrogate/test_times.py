"""Times and spans as people write them."""

import pytest

from avrogate.errors import ConfigError
from avrogate.times import parse_moment, parse_span


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("10m", 600), ("2h", 7200), ("7d", 604_800)])
def test_spans(text, seconds):
    assert parse_span(text) == seconds


@pytest.mark.parametrize("text", ["", "10", "m", "-1m", "1.5h", "0m", "10 m", "1w", "10m ", "١m", "1" * 10 + "s"])
def test_what_is_no_span(text):
    with pytest.raises(ConfigError, match="not a span"):
        parse_span(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("1700000000", 1_700_000_000),
        ("2023-11-14T22:13:20Z", 1_700_000_000),
        ("2023-11-14T22:13:20", 1_700_000_000),
        ("2023-11-14 23:13:20+01:00", 1_700_000_000),
        ("2023-11-14", 1_699_920_000),
    ],
)
def test_moments(text, seconds):
    assert parse_moment(text) == seconds


@pytest.mark.parametrize("text", ["", "yesterday", "2023-02-30", "-5", "12:00", "1" * 12])
def test_what_is_no_moment(text):
    with pytest.raises(ConfigError, match="not a time"):
        parse_moment(text)


def test_before_1970_there_is_no_time():
    with pytest.raises(ConfigError, match="before 1970"):
        parse_moment("1969-12-31")
