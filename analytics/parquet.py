"""A report as one Parquet file, written by the driver: Spark's own writer makes folders, on the executors' disks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from avrogate.errors import ConfigError

Kind = Literal["day", "text", "number"]
TYPES: Mapping[Kind, str] = {
    "day": "optional int32 {} (DATE)",
    "text": "optional binary {} (STRING)",
    "number": "optional int64 {}",
}
EPOCH = date(1970, 1, 1).toordinal()


def write_parquet(
    spark: SparkSession, file: Path, columns: Mapping[str, Kind], rows: Iterable[Sequence[Any]]
) -> None:
    """Write rows (values in the order of `columns`; None is null) to a file, in place of what was there.

    Raises ConfigError if it cannot be written.
    """
    jvm = spark._jvm
    assert jvm is not None
    parquet = jvm.org.apache.parquet
    fields = "; ".join(TYPES[kind].format(name) for name, kind in columns.items())
    schema = parquet.schema.MessageTypeParser.parseMessageType(f"message report {{ {fields}; }}")
    path = jvm.java.nio.file.Path.of(str(file.absolute()), jvm.org.apache.hadoop.util.StringUtils.emptyStringArray)
    simple = parquet.example.data.simple
    builder = parquet.hadoop.example.ExampleParquetWriter.builder(parquet.io.LocalOutputFile(path)).withType(schema)
    try:
        writer = builder.withWriteMode(parquet.hadoop.ParquetFileWriter.Mode.OVERWRITE).build()
        for row in rows:
            group = simple.SimpleGroup(schema)
            for place, (kind, value) in enumerate(zip(columns.values(), row, strict=True)):
                if value is not None:
                    group.add(place, simple.LongValue(value) if kind == "number" else _plain(value))
            writer.write(group)
        writer.close()
    except (Py4JJavaError, PySparkException) as error:
        reason = error.java_exception if isinstance(error, Py4JJavaError) else error
        raise ConfigError(f"{file} cannot be written: {str(reason).splitlines()[0]}") from error


def _plain(value: Any) -> Any:
    return value.toordinal() - EPOCH if isinstance(value, date) else value
