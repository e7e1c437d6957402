"""Columns of a table as a reader with a newer or older schema wants them."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as f
from pyspark.sql.types import ArrayType, DataType, MapType, StructType


def fitted(column: Column, found: DataType | None, wanted: DataType) -> Column:
    """A column of the table as a reader wants it, with nulls for what the table lacks."""
    if found is None:
        return f.lit(None).cast(wanted)
    if isinstance(found, ArrayType) and isinstance(wanted, ArrayType):
        return f.transform(column, lambda one: fitted(one, found.elementType, wanted.elementType))
    if isinstance(found, MapType) and isinstance(wanted, MapType):
        return f.transform_values(column, lambda _, one: fitted(one, found.valueType, wanted.valueType))
    if not isinstance(found, StructType) or not isinstance(wanted, StructType) or _same(found, wanted):
        return column
    parts = [fitted(column[each.name], type_of(found, each.name), each.dataType).alias(each.name) for each in wanted]
    return f.when(column.isNotNull(), f.struct(*parts))


def type_of(struct: StructType, name: str) -> DataType | None:
    """The type of a field, or None if there is none of that name."""
    return struct[name].dataType if name in struct.names else None


def _same(found: DataType, wanted: DataType) -> bool:
    """The same but for what may be null: taken as it is, so that Spark reads only the nested fields it needs."""
    return found.simpleString() == wanted.simpleString()
