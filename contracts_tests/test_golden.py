"""The golden records: bytes of Java Avro and values that no reader under test has produced.

Here: the corpus is whole and covers every schema; our codec, fastavro and the contract agree with it.
"""

from __future__ import annotations

import io
import shutil
from dataclasses import replace

import fastavro
import pytest

from avrogate.errors import WireFormatError
from schemas.catalog import load_catalog
from schemas.codec import Codec
from schemas.contract import compile_contract
from schemas.validate import validator
from schemas.versions import SchemaVersion
from schemas.wire_format import unframe

CATALOG = load_catalog()
each_schema = pytest.mark.parametrize("version", CATALOG.versions, ids=str)
UNREADABLE = (WireFormatError, ArithmeticError, EOFError, IndexError, ValueError)


@pytest.fixture(scope="session")
def check(golden, values):
    """Says what is wrong about a golden record as one of us sees it, or None."""
    notation = golden("notation")

    def our_writer(version, codec, avro, record, body):
        written = bytes(unframe(codec.write(record))[1])
        return None if written == body else "writes other bytes"

    def our_reader(version, codec, avro, record, body):
        return notation.difference(record, codec.read(body))

    def plain_fastavro(version, codec, avro, record, body):
        schema = fastavro.parse_schema(version.resolved)
        found = fastavro.schemaless_reader(io.BytesIO(body), schema, None)
        return notation.difference(values.rich(avro, record), found)

    checks = {"our writer": our_writer, "our reader": our_reader, "fastavro": plain_fastavro}

    def problems(version, goldens):
        codec, avro = Codec(version, 1), values.expanded(version.resolved)
        for one in goldens:
            record, found = notation.record_of(avro, one.value), {}
            for name, said in checks.items():
                try:
                    found[name] = said(version, codec, avro, record, one.body)
                except UNREADABLE as error:
                    found[name] = repr(error)
            yield one.name, {name: problem for name, problem in found.items() if problem}

    problems.checks = checks.keys()
    return problems


def test_nothing_is_missing_and_nothing_has_changed(golden):
    corpus = golden("corpus")
    assert list(corpus.complaints(corpus.HERE, CATALOG.versions)) == []
    assert corpus.corpus().keys() == {str(version) for version in CATALOG.versions}
    assert sum(map(len, corpus.corpus().values())) >= 200


@each_schema
def test_each_edge_of_the_schema_is_in_the_records(version, golden, values):
    avro, records = values.expanded(version.resolved), golden("corpus").corpus()[str(version)]
    assert records, f"{version} has no golden records"
    assert golden("coverage").gaps(avro, [one.value for one in records]) == []
    assert golden("coverage").gaps(avro, [records[0].value]), "one record alone covers everything?"


@each_schema
def test_our_codec_and_fastavro_agree(version, golden, check):
    records = golden("corpus").corpus()[str(version)]
    assert [(name, found) for name, found in check(version, records) if found] == []


def test_a_decimal_that_fastavro_alone_would_write_longer_is_among_the_records(golden):
    """-128 units: fastavro takes two bytes for them, Java and our codec one."""
    assert any("-1.28" in one.name for goldens in golden("corpus").corpus().values() for one in goldens)


@each_schema
def test_the_contract_accepts_each(version, golden, values):
    notation, avro = golden("notation"), values.expanded(version.resolved)
    contract, by_schema = compile_contract(version.resolved), validator(version.json_file)
    for one in golden("corpus").corpus()[str(version)]:
        record = notation.record_of(avro, one.value)
        contract.check(record)
        event = contract.to_event(record)
        assert by_schema.is_valid(event), one.name
        assert notation.difference(record, contract.to_record(event)) is None, one.name


def booleans(version, record):
    """Where in a record's bytes its booleans are: there alone it differs if one of them is the other way."""
    codec = Codec(version, 1)
    body = unframe(codec.write(record))[1]
    for field in version.resolved["fields"]:
        if field["type"] == "boolean":
            name = field["name"]
            other = unframe(codec.write({**record, name: not record[name]}))[1]
            yield from (place for place, pair in enumerate(zip(body, other, strict=True)) if len({*pair}) > 1)


@each_schema
def test_a_flipped_bit_is_noticed_by_each(version, golden, values, check):
    for one in golden("corpus").corpus()[str(version)]:
        length = len(one.body)
        flags = set(booleans(version, golden("notation").record_of(values.expanded(version.resolved), one.value)))
        places = {*range(min(length, 24)), *range(max(0, length - 8), length)} | flags
        for place in places:
            body = bytearray(one.body)
            # the top bit says that a number goes on; fastavro lets others pass in an enum's index and past 64 bits,
            # and takes any byte but 0 for true
            body[place] ^= 0x01 if place in flags else 0x80
            ((_, found),) = check(version, [replace(one, body=bytes(body))])
            assert found.keys() == check.checks, f"{one.name}: byte {place}"


@each_schema
def test_another_expected_value_is_noticed_by_each(version, golden, check):
    records = golden("corpus").corpus()[str(version)]
    for name, found in check(version, [replace(one, body=records[0].body) for one in records[1:]]):
        assert found.keys() == check.checks, name


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, True), (1, 1.0), ("1", 1), ({"a": 1}, {"a": 1, "b": 1}), ([1], [1, 1]), ([{"a": 1}], [{"a": 2}]), (None, 0)],
)
def test_a_difference_is_one_of_type_too(golden, one, other):
    notation = golden("notation")
    assert notation.difference(one, one) is None
    assert notation.difference(one, other)


def test_decimals_differ_by_their_scale(golden):
    notation = golden("notation")
    money = notation.record_of({"type": "bytes", "logicalType": "decimal", "scale": 2}, "1.00")
    assert notation.difference(money, money.normalize())


def test_coverage_names_what_is_missing(golden):
    contract = {"minimum": 0}
    fields = [
        {"name": "who", "type": ["null", "string", "long"], "contract": contract},
        {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["a", "b"]}},
        {"name": "tags", "type": {"type": "array", "items": "boolean"}},
    ]
    values = [{"who": {"long": 0}, "kind": "a", "tags": [True]}]
    gaps = golden("coverage").gaps({"type": "record", "name": "R", "fields": fields}, values)
    assert [gap for gap in gaps if gap[0] != ":"] == [
        "who: no branch null",
        "who: no branch string",
        "who(long): no 9223372036854775807",
        "who(long): no second value",
        "kind: no b",
        "kind: no second value",
        "tags: no empty value",
        "tags: no two items",
        "tags: no second value",
        "tags[]: no False",
        "tags[]: no second value",
    ]


@pytest.fixture
def copied(golden, tmp_path):
    """A copy of the corpus, and the complaints about it that the original does not give rise to."""
    corpus = golden("corpus")
    known = set(corpus.complaints(corpus.HERE, CATALOG.versions))
    shutil.copytree(corpus.HERE, tmp_path / "golden")
    return tmp_path / "golden", lambda versions: sorted({*corpus.complaints(tmp_path / "golden", versions)} - known)


@each_schema
def test_a_record_that_is_gone_is_noticed(version, golden, copied):
    folder, complaints = copied
    file = golden("corpus").file_of(folder, version)
    first, *rest = file.read_text(encoding="utf-8").splitlines(keepends=True)
    for lines in (rest, [first.replace('"bytes": "', '"bytes": "00'), *rest]):
        file.write_text("".join(lines), encoding="utf-8")
        assert complaints(CATALOG.versions) == [f"{version}: its records are not those of digests.json"]
    file.unlink()
    (complaint,) = complaints(CATALOG.versions)
    assert complaint.startswith(f"{version} has no golden records")


def test_a_new_version_needs_golden_records(copied):
    newest = CATALOG.versions[-1]
    following = SchemaVersion(newest.folder, newest.topic, newest.stage, newest.event, newest.number + 1)
    (complaint,) = copied[1]([*CATALOG.versions, following])
    assert complaint.startswith(f"{following} has no golden records")


def test_records_of_nothing_and_two_of_one_name_are_noticed(golden, copied):
    (folder, complaints), corpus, version = copied, golden("corpus"), CATALOG.versions[0]
    records = corpus.read(folder, version)
    corpus.write(folder, version, [*records, replace(records[0], body=b"")])
    stray = SchemaVersion(version.folder, version.topic, version.stage, "nothing", 1)
    corpus.write(folder, stray, records)
    assert complaints(CATALOG.versions) == [
        f"{version.stage}/nothing/v1 is no version of the catalog",
        f"{version}: 'usual' was not written by Java",
        f"{version}: two records are named 'usual'",
    ]


def test_stored_records_stay_as_they_are(golden):
    corpus = golden("corpus")
    stored = corpus.Golden("usual", {"a": 1}, b"\2")
    new = [("usual", {"a": 2}), ("a: 3", {"a": 3})]
    assert corpus.merged([stored], new) == [stored, corpus.Golden("a: 3", {"a": 3})]
    assert corpus.merged([stored], new, overwrite=True)[0] == corpus.Golden("usual", {"a": 2})
    assert corpus.merged([stored], [("usual", {"a": 1})], overwrite=True) == [stored]
