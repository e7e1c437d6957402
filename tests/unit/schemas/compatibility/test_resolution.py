"""Our reading of the specification's resolution rules against Python avro's, on generated pairs of schemas."""

import json

import avro.compatibility
import avro.schema
from hypothesis import given
from hypothesis import strategies as st

from schemas.compatibility import compare, normalize
from schemas.compatibility.resolution import obstacles

PRIMITIVES = st.sampled_from(["boolean", "int", "long", "float", "double", "bytes", "string"])
ENUMS = st.builds(
    lambda symbols, default: (
        {"type": "enum", "name": "E", "symbols": symbols} | ({"default": symbols[0]} if default else {})
    ),
    st.lists(st.sampled_from("ABC"), min_size=1, max_size=3, unique=True),
    st.booleans(),
)
FIXED = st.builds(lambda size: {"type": "fixed", "name": "F", "size": size}, st.integers(1, 2))


def holding(inner):
    return st.one_of(
        inner.map(lambda items: {"type": "array", "items": items}),
        inner.map(lambda values: {"type": "map", "values": values}),
        st.lists(PRIMITIVES, min_size=1, max_size=3, unique=True),
        st.lists(PRIMITIVES, min_size=1, max_size=2, unique=True).map(lambda branches: ["null", *branches]),
    )


TYPES = st.one_of(PRIMITIVES, ENUMS, FIXED, holding(PRIMITIVES), holding(holding(PRIMITIVES)), st.just(["null", "R"]))


@st.composite
def records(draw):
    """A record of up to three fields, perhaps recursive, with defaults and aliases here and there."""
    fields = []
    for name in draw(st.lists(st.sampled_from("abc"), unique=True)):
        field = {"name": name, "type": draw(TYPES)}
        if draw(st.booleans()) and field["type"] == "long":
            field["default"] = 0
        if draw(st.booleans()) and isinstance(field["type"], list) and field["type"][0] == "null":
            field["default"] = None
        if draw(st.integers(0, 3)) == 0:
            field["aliases"] = [draw(st.sampled_from("az"))]
        fields.append(field)
    return {"type": "record", "name": "R", "fields": fields}


def parsed(schema):
    """The schema in Python avro, or None where it allows less than we do (a type defined twice aside)."""
    try:
        return avro.schema.parse(json.dumps(schema))
    except avro.errors.AvroException:
        return None


def defined_once(*schemas):
    return all(json.dumps(one).count(f'"name": "{name}"') <= 1 for one in schemas for name in "EF")


@given(reader=records(), writer=records())
def test_we_agree_with_python_avro(reader, writer):
    theirs = parsed(reader), parsed(writer)
    if None in theirs or not defined_once(reader, writer):
        return
    found = avro.compatibility.ReaderWriterCompatibilityChecker().get_compatibility(*theirs).compatibility
    compatible = found == avro.compatibility.SchemaCompatibilityType.compatible
    assert (not obstacles(normalize(reader), normalize(writer))) == compatible


@given(older=records(), newer=records())
def test_what_cannot_be_read_is_never_passed(older, newer):
    """A better explanation replaces an obstacle; it must not make it vanish."""
    if not defined_once(older, newer):
        return
    before, after = normalize(older), normalize(newer)
    for level, blocked in (
        ("BACKWARD", obstacles(after, before)),
        ("FORWARD", obstacles(before, after)),
        ("FULL", obstacles(after, before) + obstacles(before, after)),
    ):
        assert not blocked or compare(older, newer, level)
