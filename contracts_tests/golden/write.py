"""Writes the golden records that are missing, with Java Avro's writer:

    python -m contracts_tests.golden.write               add records, for a new schema version for instance
    python -m contracts_tests.golden.write --overwrite   give existing records today's values and bytes, too

Run it in the repository's root. It starts a Java with pyspark's jars, some seconds. Values are chosen by
`extremes.py`; a line that was added by hand without `bytes` gets them. Released bytes never change: if Java would
write other bytes for a record that has some, the script says so, changes nothing and exits with 1.
`--overwrite` is for records that were never released.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyspark
from py4j.java_gateway import GatewayParameters, JavaGateway, launch_gateway

from avrogate.local.java import find_java
from avrogate.settings import load_settings
from contracts_tests.golden import corpus, extremes, notation
from contracts_tests.golden.java_avro import JavaAvro
from contracts_tests.values import expanded
from schemas.catalog import load_catalog
from schemas.versions import SchemaVersion


@contextmanager
def java() -> Iterator[Any]:
    """A view of a Java with pyspark's jars; it ends with the block."""
    jars = Path(pyspark.__file__).parent / "jars"
    (py4j,) = jars.glob("py4j-*.jar")
    port, token = launch_gateway(
        jarpath=str(py4j),
        classpath=str(jars / "*"),
        java_path=str(find_java(load_settings()).executable),
        die_on_exit=True,
        enable_auth=True,
    )
    gateway = JavaGateway(gateway_parameters=GatewayParameters(port=port, auth_token=token))
    try:
        yield gateway.jvm
    finally:
        gateway.shutdown()


def written(version: SchemaVersion, jvm: Any, overwrite: bool) -> tuple[list[corpus.Golden], list[str]]:
    """The records of a version with Java's bytes, and the names of those that had other bytes."""
    avro, writer = expanded(version.resolved), JavaAvro(jvm, version.resolved)
    records, changed = [], []
    for record in corpus.merged(corpus.read(corpus.HERE, version), extremes.records(avro), overwrite):
        body = writer.write(avro, notation.avro_json(avro, record.value))
        found = notation.difference(notation.record_of(avro, record.value), writer.read(avro, body))
        if found:
            raise ValueError(f"{version}: {record.name}: Java does not read what it wrote: {found}")
        if record.body not in (b"", body):
            changed.append(f"{version}: {record.name}")
        records.append(corpus.Golden(record.name, record.value, body))
    return records, changed


def main() -> int:
    """Write what is missing. The exit code is 1 if released bytes would change."""
    parser = argparse.ArgumentParser(description="write the missing golden records")
    parser.add_argument("--overwrite", action="store_true", help="change existing records, too")
    overwrite = parser.parse_args().overwrite
    versions = load_catalog().versions
    with java() as jvm:
        found = {version: written(version, jvm, overwrite) for version in versions}
    changed = [name for _, names in found.values() for name in names]
    if changed and not overwrite:
        sys.stderr.write("Java writes other bytes for\n" + "".join(f"  {name}\n" for name in changed))
        return 1
    for version, (records, _) in found.items():
        corpus.write(corpus.HERE, version, records)
        sys.stdout.write(f"{version}: {len(records)} records\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
