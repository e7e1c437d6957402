"""The pair-wise check: every rule, recursion, names, unions, promotions; and what is no Avro at all."""

import copy
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.catalog import load_catalog
from schemas.compatibility import compare

NULLABLE = ["null", "string"]


def record(*fields, name="Event", **more):
    return {"type": "record", "name": name, "namespace": "a.b", "fields": list(fields), **more}


def one(kind, name="f", **more):
    return {"name": name, "type": kind, **more}


def decimal(scale=2, precision=18, kind="bytes", **more):
    return {"type": kind, "logicalType": "decimal", "precision": precision, "scale": scale, **more}


def fixed(size=16, name="Money", **more):
    return {"type": "fixed", "name": name, "size": size, **more}


def enum(*symbols, name="Colour", **more):
    return {"type": "enum", "name": name, "symbols": list(symbols), **more}


def logical(kind, logical_type):
    return {"type": kind, "logicalType": logical_type}


def said(older, newer, level="FULL"):
    return [(problem.rule, problem.pointer) for problem in compare(older, newer, level)]


def typed(older, newer, level="FULL"):
    """What is said of a field's type, pointers from there."""
    found = said(record(one(older)), record(one(newer)), level)
    return [(rule, pointer.removeprefix("/fields/0/type")) for rule, pointer in found]


NODE = record(one(["null", "a.b.Event"], "next", default=None), one("long", "value"))

HARMLESS = {
    "nothing": (record(one("long")), record(one("long"))),
    "a doc": (record(one("long")), record(one("long", doc="Said."), doc="Said.")),
    "an optional field": (record(), record(one(NULLABLE, default=None))),
    "a field with a default": (record(), record(one("long", default=0))),
    "another order of fields": (
        record(one("long", "a"), one("string", "b")),
        record(one("string", "b"), one("long", "a")),
    ),
    "recursion": (NODE, NODE),
    "a symbol, with a default from the start": (
        record(one(enum("A", "B", default="A"))),
        record(one(enum("A", "B", "C", default="A"))),
    ),
    "a default for an enum": (record(one(enum("A"))), record(one(enum("A", default="A")))),
    "a namespace written out": (
        record(one("long")),
        {"type": "record", "name": "a.b.Event", "fields": [one({"type": "long"})]},
    ),
    "a name used before and after": (
        record(one(fixed(), "a"), one("Money", "b")),
        record(one(fixed(), "a"), one("a.b.Money", "b")),
    ),
    "a type that is wrapped": (record(one({"type": {"type": "long"}})), record(one("long"))),
    "an alias for nothing": (record(one("long")), record(one("long", aliases=["g"]), aliases=["Other"])),
    "an error for a record": (record(), record() | {"type": "error"}),
}


@pytest.mark.parametrize("pair", HARMLESS.values(), ids=HARMLESS)
def test_harmless(pair):
    assert said(*pair) == []


TYPES = {
    "decimal scale": (decimal(2), decimal(4), [("decimal-scale-changed", "/scale")]),
    "decimal scale said out loud": (decimal(0), {k: v for k, v in decimal().items() if k != "scale"}, []),
    "decimal precision": (decimal(), decimal(precision=20), [("decimal-precision-changed", "/precision")]),
    "decimal scale on fixed": (
        fixed(**decimal(2) | {"type": "fixed"}),
        fixed(**decimal(4) | {"type": "fixed"}),
        [("decimal-scale-changed", "/scale")],
    ),
    "decimal scale in a union": (
        ["null", decimal(2)],
        ["null", decimal(4)],
        [("decimal-scale-changed", "/1/scale")],
    ),
    "decimal from bytes to fixed": (decimal(), fixed(**decimal() | {"type": "fixed"}), [("type-changed", "")]),
    "fixed size": (fixed(16), fixed(8), [("size-changed", "/size")]),
    "millis to micros": (
        logical("long", "timestamp-millis"),
        logical("long", "timestamp-micros"),
        [("logical-type-changed", "/logicalType")],
    ),
    "a logical type more": ("long", logical("long", "timestamp-millis"), [("logical-type-changed", "/logicalType")]),
    "a logical type less": (logical("string", "uuid"), "string", [("logical-type-changed", "/logicalType")]),
    "a logical type in an array": (
        {"type": "array", "items": "long"},
        {"type": "array", "items": logical("long", "timestamp-millis")},
        [("logical-type-changed", "/items/logicalType")],
    ),
    "text and bytes": ("string", "bytes", [("type-changed", "")]),
    "int to long": ("int", "long", [("type-changed", "")]),
    "string to long": ("string", "long", [("type-changed", "")]),
    "map values": (
        {"type": "map", "values": "long"},
        {"type": "map", "values": "string"},
        [("type-changed", "/values")],
    ),
    "a branch more": (["null", "string"], ["null", "string", "long"], [("type-removed", "/2")]),
    "a branch less": (["null", "string", "long"], ["null", "string"], [("type-removed", "")]),
    "null for all": ("string", NULLABLE, [("type-changed", "/0")]),
    "branches in another order": (["string", "long"], ["long", "string"], [("union-reordered", "")]),
    "null last": (["null", "string"], ["string", "null"], []),
    "a symbol less": (enum("A", "B"), enum("A"), [("enum-symbol-removed", "/symbols")]),
    "a symbol more": (enum("A"), enum("A", "B"), [("enum-symbol-unknown", "/symbols")]),
    "another default of an enum": (
        enum("A", "B", default="A"),
        enum("A", "B", default="B"),
        [("enum-default-changed", "/default")],
    ),
    "another name": (enum("A"), enum("A", name="Color"), [("name-changed", "/name")]),
    "another name with an alias": (
        enum("A"),
        enum("A", name="Color", aliases=["Colour"]),
        [("name-changed", "/name")],
    ),
    "another name in a union": (
        ["null", enum("A")],
        ["null", enum("A", name="Color")],
        [("name-changed", "/1/name")],
    ),
    "another namespace": (enum("A"), enum("A", namespace="c"), [("name-changed", "/name")]),
    "a JSON text": (
        enum("a_b", **{"json-symbols": {"a_b": "a-b"}}),
        enum("a_b", **{"json-symbols": {"a_b": "a b"}}),
        [("json-symbol-changed", "/json-symbols/a_b")],
    ),
    "in an optional nested record": (
        ["null", record(one("long", "x"), name="Inner")],
        ["null", record(one("string", "x"), name="Inner")],
        [("type-changed", "/1/fields/0/type")],
    ),
    "a required field of an optional nested record": (
        ["null", record(name="Inner")],
        ["null", record(one("string", "x"), name="Inner")],
        [("field-without-default", "/1/fields/0")],
    ),
    "an optional field of another type": (["null", "long"], ["null", "string"], [("type-removed", "/1")]),
    "a symbol of an optional enum": (
        ["null", enum("A")],
        ["null", enum("A", "B")],
        [("enum-symbol-unknown", "/1/symbols")],
    ),
    "in a nested record": (
        record(one(decimal(2), "x"), name="Inner"),
        record(one(decimal(4), "x"), name="Inner"),
        [("decimal-scale-changed", "/fields/0/type/scale")],
    ),
}


@pytest.mark.parametrize("case", TYPES.values(), ids=TYPES)
def test_types(case):
    older, newer, wanted = case
    assert typed(older, newer) == wanted


FIELDS = {
    "required": ((), (one("long"),), [("field-without-default", "/fields/0")]),
    "nullable without default": ((), (one(NULLABLE),), [("field-without-default", "/fields/0")]),
    "default of the second branch": (
        (),
        (one(["string", "null"], default=None),),
        [("default-invalid", "/fields/0/default")],
    ),
    "null moved behind its default": (
        (one(NULLABLE, default=None),),
        (one(["string", "null"], default=None),),
        [("default-invalid", "/fields/0/default")],
    ),
    "another default": (
        (one("long", default=0),),
        (one("long", default=1),),
        [("default-changed", "/fields/0/default")],
    ),
    "removed": ((one("long"),), (), [("field-removed", "/fields")]),
    "removed, with a default": ((one("long", default=0),), (), [("field-removed", "/fields")]),
    "renamed": ((one("long"),), (one("long", "g"),), [("field-renamed", "/fields/0")]),
    "renamed with an alias": ((one("long"),), (one("long", "g", aliases=["f"]),), [("field-renamed", "/fields/0")]),
    "renamed, optional": (
        (one(NULLABLE, default=None),),
        (one(NULLABLE, "g", default=None),),
        [("field-renamed", "/fields/0")],
    ),
    "renamed and required more": (
        (one("long"),),
        (one("long", "g"), one("string", "h")),
        [("field-renamed", "/fields/0"), ("field-without-default", "/fields/1")],
    ),
    "JSON name": (
        (one("long", **{"json-name": "f"}),),
        (one("long", **{"json-name": "F"}),),
        [("json-name-changed", "/fields/0/json-name")],
    ),
    "bound loosened": (
        (one("long", contract={"maximum": 5}),),
        (one("long", contract={"maximum": 6}),),
        [("bounds-loosened", "/fields/0/contract/maximum")],
    ),
    "bound tightened": (
        (one("long", contract={"minimum": 0}),),
        (one("long", contract={"minimum": 1}),),
        [("bounds-tightened", "/fields/0/contract/minimum")],
    ),
    "bound gone": (
        (one("string", contract={"maxLength": 5}),),
        (one("string"),),
        [("bounds-loosened", "/fields/0/contract/maxLength")],
    ),
    "enum in JSON grew": (
        (one("long", contract={"enum": [1, 2]}),),
        (one("long", contract={"enum": [1, 2, 3]}),),
        [("bounds-loosened", "/fields/0/contract/enum")],
    ),
    "enum in JSON shrank": (
        (one("long", contract={"enum": [1, 2]}),),
        (one("long", contract={"enum": [2]}),),
        [("bounds-tightened", "/fields/0/contract/enum")],
    ),
    "enum in JSON is another": (
        (one("long", contract={"enum": [1, 2]}),),
        (one("long", contract={"enum": [2, 3]}),),
        [("bounds-changed", "/fields/0/contract/enum")],
    ),
    "a format": (
        (one("string"),),
        (one("string", contract={"format": "uuid"}),),
        [("bounds-tightened", "/fields/0/contract/format")],
    ),
    "rounding": (
        (one(decimal()),),
        (one(decimal(rounding="half-even")),),
        [("decimal-rounding-changed", "/fields/0/type/rounding")],
    ),
    "null in JSON": (
        (one(NULLABLE, default=None),),
        (one(NULLABLE, default=None, **{"json-null": True}),),
        [("json-null-changed", "/fields/0/json-null")],
    ),
    "optional in JSON": (
        (one("long", default=0, **{"json-optional": True}),),
        (one("long", default=0),),
        [("json-optional-changed", "/fields/0/json-optional")],
    ),
    "enrichment": (
        (one(NULLABLE, default=None, **{"from-profile": "country"}),),
        (one(NULLABLE, default=None, **{"from-profile": "platform"}),),
        [("from-profile-changed", "/fields/0/from-profile")],
    ),
    "what a profile takes": (
        (one("string", **{"sets-profile": "country"}),),
        (one("string"),),
        [("sets-profile-changed", "/fields/0/sets-profile")],
    ),
    "pattern": (
        (one("string", contract={"pattern": "a"}),),
        (one("string", contract={"pattern": "b"}),),
        [("bounds-changed", "/fields/0/contract/pattern")],
    ),
    "bound of a branch": (
        (one(["string", "long"], contract={"string": {"maxLength": 5}}),),
        (one(["string", "long"], contract={"string": {"maxLength": 4}}),),
        [("bounds-tightened", "/fields/0/contract/string/maxLength")],
    ),
}


@pytest.mark.parametrize("case", FIELDS.values(), ids=FIELDS)
def test_fields(case):
    older, newer, wanted = case
    assert said(record(*older), record(*newer)) == wanted


def test_the_record_itself():
    assert said(record(), record(name="Other")) == [("name-changed", "/name")]
    assert said(record(), record(namespace="c") | {"namespace": "c"}) == [("name-changed", "/name")]
    assert said(record(), "string") == [("type-changed", "")]


@pytest.mark.parametrize(
    ("level", "wanted"),
    [
        ("BACKWARD", []),
        ("FORWARD_TRANSITIVE", ["type-changed"]),
        ("FULL_TRANSITIVE", ["type-changed"]),
        ("NONE", []),
    ],
)
def test_levels_ask_for_one_direction_or_both(level, wanted):
    assert [rule for rule, _ in typed("int", "long", level)] == wanted


@pytest.mark.parametrize("level", ["NONE", "BACKWARD", "FORWARD", "FULL"])
def test_another_meaning_is_wrong_at_any_level(level):
    assert typed(decimal(2), decimal(4), level) == [("decimal-scale-changed", "/scale")]


def test_a_promotion_does_not_hide_another_meaning():
    days, instants = logical("int", "date"), logical("long", "timestamp-millis")
    assert typed(days, instants, "BACKWARD") == [("logical-type-changed", "/logicalType")]


def test_the_misreading_is_spelt_out():
    (problem,) = compare(record(one(decimal(2))), record(one(decimal(4))), "FULL")
    assert problem.message == "the decimal's scale is 4 and was 2: 9.99 as written before is read as 0.0999"


def test_a_change_inside_a_recursive_record_is_found_once():
    changed = copy.deepcopy(NODE)
    changed["fields"][1]["type"] = "string"
    assert said(NODE, changed) == [("type-changed", "/fields/1/type")]


def test_records_that_share_records_take_no_time():
    def tower(leaf, height=24):
        inner = record(one(leaf), name="R0")
        for level in range(1, height):
            name = f"a.b.R{level - 1}"
            inner = record(
                one(["null", inner], "a", default=None), one(["null", name], "b", default=None), name=f"R{level}"
            )
        return inner

    start = time.monotonic()
    assert said(tower("long"), tower("long")) == []
    assert said(tower("long"), tower("string")) != []
    assert time.monotonic() - start < 2


INVALID = {
    "a number": 1,
    "an unknown type": record(one("txet")),
    "no name": {"type": "record", "fields": []},
    "a name with a hyphen": record(one("long", "a-b")),
    "two fields of a name": record(one("long"), one("string")),
    "no fields": {"type": "record", "name": "A"},
    "fields that are none": {"type": "record", "name": "A", "fields": ["x"]},
    "defined twice": record(one(fixed(), "a"), one(fixed(), "b")),
    "a union in a union": record(one(["null", ["string"]])),
    "a branch twice": record(one(["string", "string"])),
    "an enum without symbols": record(one({"type": "enum", "name": "E"})),
    "a symbol that is no name": record(one(enum("a-b"))),
    "a default that is no symbol": record(one(enum("A", default="B"))),
    "a symbol twice": record(one(enum("A", "A"))),
    "an array of nothing": record(one({"type": "array"})),
    "a fixed without size": record(one({"type": "fixed", "name": "F"})),
    "a type of None": record(one(None)),
}


@pytest.mark.parametrize("schema", INVALID.values(), ids=INVALID)
def test_what_is_no_avro_is_one_finding(schema):
    for pair in ((record(), schema), (schema, record())):
        assert [rule for rule, _ in said(*pair)] == ["invalid-schema"]


def test_deep_schemas_are_refused_not_recursed_into():
    deep = "long"
    for _ in range(200):
        deep = {"type": "array", "items": deep}
    assert [rule for rule, _ in typed(deep, deep)] == ["invalid-schema"]


def test_a_long_chain_of_records_ends_without_a_traceback():
    def chain(leaf):
        fields = [record(one(f"a.b.R{n + 1}", default={}), name=f"R{n}") for n in range(2000)]
        parts = [*fields, record(one(leaf), name="R2000")]
        return record(*(one(part, f"f{n}") for n, part in enumerate(parts)))

    assert compare(chain("long"), chain("string"), "FULL")


def test_types_that_are_defined_elsewhere():
    older, newer = record(one("c.Money")), record(one("c.Amount"))
    assert [rule for rule, _ in said(older, older)] == ["invalid-schema"]
    assert compare(older, older, "FULL", external=True) == []
    assert [problem.rule for problem in compare(older, newer, "FULL", external=True)] == ["type-changed"]


def test_every_schema_of_the_catalog_goes_with_itself():
    for version in load_catalog().versions:
        assert compare(version.resolved, version.resolved, "FULL_TRANSITIVE") == []


NAMES = st.sampled_from(["A", "B", "a.A", "long", "null", "x-y", ""])
JSON = st.recursive(
    st.one_of(NAMES, st.none(), st.integers(-1, 3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.fixed_dictionaries(
            {"type": st.one_of(st.sampled_from(["record", "enum", "fixed", "array", "map", "bytes"]), inner)},
            optional={
                "name": NAMES,
                "fields": st.lists(
                    st.fixed_dictionaries({"name": NAMES, "type": inner}, optional={"default": inner})
                ),
                "symbols": st.lists(NAMES, max_size=2),
                "size": st.integers(0, 3),
                "items": inner,
                "values": inner,
                "aliases": st.lists(NAMES, max_size=1),
                "logicalType": st.sampled_from(["decimal", "uuid"]),
                "scale": st.one_of(st.integers(0, 30), NAMES),
                "default": inner,
                "contract": inner,
                "json-symbols": inner,
            },
        ),
    ),
    max_leaves=12,
)


@given(older=JSON, newer=JSON)
def test_no_json_at_all_makes_a_traceback(older, newer):
    for level in ("FULL", "BACKWARD"):
        assert all(problem.rule and problem.advice for problem in compare(older, newer, level, external=True))
        assert all(
            problem.rule == "invalid-schema" for problem in compare(older, older, level) if not problem.pointer
        )
