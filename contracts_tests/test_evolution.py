"""Evolution cases with their verdicts (`evolution/*.yaml`): ours, Java Avro's, the registry's; both ways (FULL).

old, new     two versions of one schema
ours         the rule ids of our findings; none: safe
java         what Java's SchemaCompatibility says
registry     what the running registry says of `new` after `old`
why          needed where we are stricter than either: what goes wrong
misreading   a value as it is written with `old`, and what readers with `new` take the bytes for
"""

from __future__ import annotations

import decimal
import io
import json
import uuid
from pathlib import Path

import fastavro
import pytest
import yaml

from schemas.avsc_folders import check_avsc_folder
from schemas.compatibility import compare

HERE = Path(__file__).parent
CASES = [
    case
    for file in sorted((HERE / "evolution").glob("*.yaml"))
    for case in yaml.safe_load(file.read_text(encoding="utf-8"))
]
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
each_misreading = pytest.mark.parametrize(
    "case", [case for case in CASES if "misreading" in case], ids=lambda case: case["case"]
)
COMPATIBLE = {True: "compatible", False: "incompatible"}


def test_there_are_enough():
    names = [case["case"] for case in CASES]
    assert len(names) == len(set(names)) >= 25
    assert sum(not case["ours"] for case in CASES) >= 5


@each_case
def test_our_verdict(case):
    assert [problem.rule for problem in compare(case["old"], case["new"], "FULL")] == case["ours"]


@each_case
def test_we_pass_nothing_that_others_refuse_and_say_why_we_are_stricter(case):
    others = {case["java"], case["registry"]}
    if not case["ours"]:
        assert others == {"compatible"}
    elif "compatible" in others:
        assert case["why"]


@each_misreading
def test_a_reader_with_the_new_schema_alone_misreads(case):
    """As one that is given the newest version instead of the writer's."""
    assert str(fastavro.schemaless_reader(io.BytesIO(written(case)), case["new"])["f"]) == case["misreading"]["reads"]


def written(case):
    """The misread value in the bytes of the old version."""
    (field,) = case["old"]["fields"]
    value, kind = case["misreading"]["writes"], field["type"]
    if isinstance(value, str):
        value = decimal.Decimal(value)
    elif isinstance(kind, dict):
        kind = kind["type"]  # the number as it is, not a date or a timestamp
    body = io.BytesIO()
    fastavro.schemaless_writer(body, {**case["old"], "fields": [{**field, "type": kind}]}, {"f": value})
    return body.getvalue()


def test_the_documentation_prints_what_the_check_says():
    report = check_avsc_folder(HERE / "evolution" / "three-changes", "FULL_TRANSITIVE")
    page = (HERE.parent / "docs" / "check-your-schemas.md").read_text(encoding="utf-8")
    assert f"```\n{report.text('table')}\n```" in page
    assert {finding.rule for finding in report.findings} == {"decimal-scale-changed", "logical-type-changed"}


@pytest.mark.parametrize("name", ["payment", "login", "click"])
def test_the_three_changes_of_the_documentation_are_cases(name):
    """So that Java Avro, the registry and Spark have spoken on them."""
    kinds = [
        json.loads((HERE / "evolution" / "three-changes" / f"{name}-v{number}.avsc").read_text())["fields"][-1][
            "type"
        ]
        for number in (1, 2)
    ]
    cases = [case for case in CASES if [case[key]["fields"][0]["type"] for key in ("old", "new")] == kinds]
    assert any(case["java"] == case["registry"] == "compatible" and "misreading" in case for case in cases)


def test_every_rule_is_documented():
    page = (HERE.parent / "docs" / "check-your-schemas.md").read_text(encoding="utf-8")
    assert [rule for case in CASES for rule in case["ours"] if f"`{rule}`" not in page] == []


@pytest.mark.spark
@each_case
def test_javas_verdict(case, spark):
    jvm = spark._jvm
    old, new = (jvm.org.apache.avro.Schema.Parser().parse(json.dumps(case[key])) for key in ("old", "new"))
    check = jvm.org.apache.avro.SchemaCompatibility.checkReaderWriterCompatibility
    both = [str(check(*pair).getType()) == "COMPATIBLE" for pair in ((new, old), (old, new))]
    assert COMPATIBLE[all(both)] == case["java"]


@pytest.mark.spark
@each_misreading
def test_spark_misreads_even_with_both_schemas(case, spark):
    """Spark resolves the writer's schema to the reader's, as it should: the reader's meaning wins."""
    from pyspark.sql import functions as f
    from pyspark.sql.avro.functions import from_avro

    options = {"avroSchema": json.dumps(case["new"]), "mode": "FAILFAST"}
    record = from_avro("body", json.dumps(case["old"]), options)
    frame = spark.createDataFrame([(bytearray(written(case)),)], "body binary").select(record.alias("record"))
    (row,) = frame.select(f.col("record.f").cast("string")).collect()
    assert row[0] == case["misreading"]["reads"].removesuffix("+00:00")


@pytest.mark.stack
@each_case
def test_the_registrys_verdict(case, stack):
    from confluent_kafka.schema_registry import Schema, SchemaRegistryClient

    client = SchemaRegistryClient({"url": stack.registry, "timeout": stack.request_timeout})
    subject = f"evolution-{uuid.uuid4().hex}"
    client.register_schema(subject, Schema(json.dumps(case["old"]), "AVRO"))
    client.set_compatibility(subject, "FULL_TRANSITIVE")
    verdict = client.test_compatibility(subject, Schema(json.dumps(case["new"]), "AVRO"))
    assert COMPATIBLE[bool(verdict)] == case["registry"]
