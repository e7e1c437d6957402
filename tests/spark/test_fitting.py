"""A table's columns as readers with other schemas want them, however deep the difference is."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as f
from pyspark.sql.types import StructType

from analytics.fitting import fitted

pytestmark = pytest.mark.spark


@pytest.mark.parametrize(
    ("found", "wanted", "value"),
    [
        ("a: INT, b: STRUCT<c: INT>", "a: INT, b: STRUCT<c: INT, d: STRING>", {"a": 1, "b": {"c": 2, "d": None}}),
        ("a: INT, b: STRUCT<c: INT, d: STRING>", "a: INT, b: STRUCT<c: INT>", {"a": 1, "b": {"c": 2}}),
        ("a: INT, b: ARRAY<STRUCT<c: INT>>", "a: INT, b: ARRAY<STRUCT<d: INT, c: INT>>", None),
        ("a: INT, b: MAP<STRING, STRUCT<c: INT>>", "a: INT, b: MAP<STRING, STRUCT<c: INT, d: INT>>", None),
        ("a: INT", "b: STRUCT<c: INT>", {"b": None}),
        ("a: INT", "a: INT", {"a": 1}),
    ],
)
def test_what_is_missing_is_null_and_what_is_more_is_left_out(
    spark: SparkSession, found: str, wanted: str, value: dict[str, object] | None
) -> None:
    here, there = StructType.fromDDL(f"x STRUCT<{found}>"), StructType.fromDDL(f"x STRUCT<{wanted}>")
    content = {"ARRAY": [{"c": 2}], "MAP": {"k": {"c": 2}}}
    b = next((one for name, one in content.items() if name in found), {"c": 2, "d": "e"})
    rows = spark.createDataFrame([({"a": 1, "b": b},), (None,)], here)
    shown = rows.select(fitted(f.col("x"), here["x"].dataType, there["x"].dataType).alias("x"))
    assert shown.schema["x"].dataType.simpleString() == there["x"].dataType.simpleString()
    first, second = (row["x"] for row in shown.collect())
    assert second is None
    expected = value or {"a": 1, "b": [{"d": None, "c": 2}] if "ARRAY" in found else {"k": {"c": 2, "d": None}}}
    assert first.asDict(recursive=True) == expected
