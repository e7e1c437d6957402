"""Where Spark gets its connectors: Kafka, Avro, Delta Lake."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pyspark

from avrogate.local.download import ivy_home, spark_excludes, spark_jars, spark_packages
from avrogate.settings import Settings


def connectors(settings: Settings) -> dict[str, str]:
    """The options that say so; none if they are among Spark's own jars, as in the container image.

    A local session takes what the first start has downloaded from where it lies. Otherwise Spark resolves them, and
    hands a copy to every executor: 0.8 s even if all of it is there.
    """
    own = Path(pyspark.__file__).parent / "jars"
    if all((own / jar).is_file() for jar in jar_names()):
        return {}
    found = spark_jars(settings)
    if re.fullmatch(r"local(\[.*])?", settings.spark_master) and jar_names() <= {jar.name for jar in found}:
        return {"spark.driver.extraClassPath": os.pathsep.join(map(str, found))}
    return by_ivy(settings)


def by_ivy(settings: Settings) -> dict[str, str]:
    """The options by which Spark resolves the connectors itself."""
    return {
        "spark.jars.packages": ",".join(spark_packages()),
        "spark.jars.excludes": ",".join(spark_excludes()),
        "spark.jars.ivy": str(ivy_home(settings)),
    }


def jar_names() -> set[str]:
    """The files of the connectors themselves; what they need comes with them."""
    return {f"{artifact}-{version}.jar" for _, artifact, version in (one.split(":") for one in spark_packages())}
