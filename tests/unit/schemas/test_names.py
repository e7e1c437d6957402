import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.names import avro_name, is_full_name, subject


@pytest.mark.parametrize(
    ("json_name", "expected"),
    [
        ("user-id", "user_id"),
        ("purchase_value", "purchase_value"),
        ("in-app-purchase", "in_app_purchase"),
        ("-a", "_a"),
        ("A9", "A9"),
        ("9a", None),
        ("", None),
        ("user id", None),
        ("user.id", None),
        ("größe", None),
        ("a\n", None),
    ],
)
def test_the_avro_name_of_a_json_name(json_name, expected):
    assert avro_name(json_name) == expected


@given(st.text())
def test_an_avro_name_is_legal_or_none(json_name):
    name = avro_name(json_name)
    assert name is None or (name.isidentifier() and name.isascii() and len(name) == len(json_name))


@pytest.mark.parametrize(
    ("name", "legal"),
    [
        ("games.events.raw", True),
        ("a", True),
        ("", False),
        ("a.", False),
        ("a..b", False),
        ("a.9", False),
        ("a-b", False),
    ],
)
def test_full_names(name, legal):
    assert is_full_name(name) is legal


def test_a_subject_is_topic_and_record():
    assert subject("events-raw", "games.events.raw.Init") == "events-raw-games.events.raw.Init"
