"""Reading JSON events strictly and writing them exactly."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avrogate.errors import InvalidEvent
from schemas.json_events import event_text, parse_event, read_carefully

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.text()
    | st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**12), max_value=10**12)
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)
EVENTS = st.dictionaries(st.text(), VALUES, max_size=6)
PLACES = st.lists(st.one_of(st.text(alphabet="abc", min_size=1), st.integers(0, 3)), max_size=6)


def refusal(text):
    with pytest.raises(InvalidEvent) as caught:
        parse_event(text)
    return caught.value.reason, caught.value.field


def nested(place, literal):
    """A document with `literal` at `place` (names and list indices), and that place as a dotted path."""
    for step in reversed(place):
        literal = f"[{'0, ' * step}{literal}]" if isinstance(step, int) else f'{{"{step}": {literal}}}'
    return f'{{"top": {literal}}}', ".".join(["top", *map(str, place)])


TOKENS = [
    *(b'"', b"\\", b"{", b"}", b"[", b"]", b":", b",", b" ", b"\n", b"\0", b"\x0c", b"\x1f", b"\x7f", b"/", b"'"),
    *(
        b"0",
        b"1",
        b"-",
        b"+",
        b".",
        b"e",
        b"E5",
        b"e99999999999999999999",
        b"9" * 25,
        b"1" * 4301,
        b"NaN",
        b"Infinity",
    ),
    *(b"null", b"tru", b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\xef\xbb\xbf", b"\xf0\x9f\x8e\xae", b"\\ud800"),
    *(b"\\ud83d\\ude00", b"\\u00", b"\\x", b'"a":', b'"a": 1,', b',"b":{"a":1}', b'{"a":1,"a":2}', b"[1]", b"//x"),
]
TEXTS = [
    b'{"a": 1, "b": "x:y", "\\u0061b": -0.50, "c": {"a": true, "d": null}}',
    b'{"time": 1735689600, "user-id": "user-1", "purchase_value": 9.99e0}',
    '{"é": ["🎮", {"a": 1}], "": {}, "a": {"b": {"c": "\\n"}}}'.encode(),
]


def outcome(function, text):
    try:
        event = function(text)
    except InvalidEvent as error:
        return error.reason, error.field, error.message
    return repr(event)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("cut", [0, 1, 4])
def test_the_quick_reader_reads_as_the_careful_one_what_is_changed_anywhere(text, cut):
    for place in range(len(text) + 1):
        for token in TOKENS:
            changed = text[:place] + token + text[place + cut :]
            assert outcome(parse_event, changed) == outcome(read_carefully, changed), changed


def spoilt(text, changes):
    for place, length, token in changes:
        place %= len(text) + 1
        text = text[:place] + (text[:length] if token is None else token.decode(errors="ignore")) + text[place:]
    return text


@given(EVENTS, st.lists(st.tuples(st.integers(0, 300), st.integers(0, 60), st.none() | st.sampled_from(TOKENS))))
def test_the_quick_reader_reads_as_the_careful_one(event, changes):
    text = spoilt(event_text(event, ascii_only=False), changes)
    assert outcome(parse_event, text) == outcome(read_carefully, text)
    content = text.encode(errors="surrogatepass")
    assert outcome(parse_event, content) == outcome(read_carefully, content)


@given(EVENTS)
def test_what_is_written_is_read(event):
    assert parse_event(event_text(event)) == event
    assert parse_event(event_text(event).encode()) == event


@given(EVENTS)
def test_reads_what_python_reads(event):
    text = event_text(event)
    assert parse_event(text) == json.loads(text, parse_float=Decimal)


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
@pytest.mark.parametrize("levels", range(300, 1001, 50))
def test_the_quick_reader_goes_no_deeper(opening, levels):
    closing = "".join({"[": "]", "{": "}"}.get(sign, "") for sign in reversed(opening))
    text = f'{{"top": {opening * levels}1{closing * levels}}}'

    def carefully(text):  # as deep in calls as `parse_event` has it: how deep a text may be hangs on that
        return read_carefully(text)

    assert outcome(parse_event, text) == outcome(carefully, text)


@given(st.text() | st.binary() | st.from_regex(r'[\s{}\[\]",:0-9eE.+a-]{0,40}', fullmatch=True))
def test_any_text_is_an_event_or_an_invalid_event(text):
    try:
        assert type(parse_event(text)) is dict
    except InvalidEvent as error:
        assert error.reason in {"not-json", "wrong-type", "duplicate-key", "not-a-number", "out-of-range"}


@given(PLACES, st.sampled_from(["NaN", "Infinity", "-Infinity"]))
def test_nan_and_infinity_are_refused_wherever_they_are(place, literal):
    text, path = nested(place, literal)
    assert refusal(text) == ("not-a-number", path)


@given(PLACES)
def test_a_key_twice_is_refused_wherever_it_is(place):
    text, path = nested(place, '{"x": 1, "y": 2, "x": 1}')
    assert refusal(text) == ("duplicate-key", f"{path}.x")


@given(PLACES)
def test_a_number_that_cannot_be_held_is_refused_wherever_it_is(place):
    for literal in ("1" * 5000, "-" + "9" * 5000, "1e99999999999999999999", "1.5e-99999999999999999999"):
        text, path = nested(place, literal)
        assert refusal(text) == ("out-of-range", path)


def test_the_first_fault_in_the_text_is_named():
    assert refusal('{"a": {"b": NaN}, "c": Infinity}') == ("not-a-number", "a.b")
    assert refusal('{"a": [0, NaN], "b": {"x": 1, "x": 1}}') == ("not-a-number", "a.1")


def test_numbers_keep_every_digit():
    event = parse_event(
        '{"a": 19.90, "b": 1e2, "c": 12345678901234567890, "d": 0.1000000000000000055511151231257827}'
    )
    assert [str(event[name]) for name in "abcd"] == [
        "19.90",
        "1E+2",
        "12345678901234567890",
        "0.1000000000000000055511151231257827",
    ]
    assert [type(event[name]) for name in "abcd"] == [Decimal, Decimal, int, Decimal]


@pytest.mark.parametrize("text", [' {"a": 1}', '\t{"a": 1}\r\n', '{"a": 1} ', b'\n{"a": 1}'])
def test_white_space_around_is_allowed(text):
    assert parse_event(text) == {"a": 1}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "character 1"),
        ("   ", "character 4"),
        ('{"a": 1', "expecting ',' delimiter at character 8"),
        ('{"a": 1} {"b": 2}', "extra data at character 10"),
        ("{'a': 1}", "character 2"),
        ('{"a": 01}', "character 8"),
        ('{"a": "\x01"}', "invalid control character at character 8"),
        ("\ufeff{}", "a byte order mark at character 1"),
        (b"\xef\xbb\xbf{}", "a byte order mark at character 1"),
        (b'{"a": "\xff"}', "not UTF-8: invalid start byte at byte 8"),
        ('{"a": 1}'.encode("utf-16"), "not UTF-8"),
        ('{"a": NaN, "a": 1', "expecting ',' delimiter"),
    ],
)
def test_what_is_not_json_says_where(text, said):
    with pytest.raises(InvalidEvent) as caught:
        parse_event(text)
    assert caught.value.reason == "not-json"
    assert said in caught.value.message


@pytest.mark.parametrize("text", ["[]", "1", '"init"', "null", "true", "1.5", '[{"a": 1}]'])
def test_what_is_no_object_is_a_wrong_type(text):
    assert refusal(text) == ("wrong-type", None)


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
@pytest.mark.parametrize("closed", [True, False])
def test_a_bottomless_document_is_refused(opening, closed):
    closing = {"[": "]", "{": "}"}
    end = "".join(closing[sign] for sign in reversed(opening) if sign in closing)
    text = opening * 100_000 + ("1" + end * 100_000 if closed else "")
    assert refusal(text) == ("too-deep", None)


def test_text_of_an_event_that_is_not_json():
    assert event_text({"a": Decimal("NaN"), 1: {"b": object}}) == f'{{"a": NaN, "1": {{"b": "{object!r}"}}}}'
