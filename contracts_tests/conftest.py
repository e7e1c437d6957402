"""What the contract tests share: generated events, and the catalog's schemas in a real registry.

Nothing here knows an event by name: schemas come from the catalog, events from the examples and the schemas.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient

from avrogate.settings import Settings
from schemas.catalog import Catalog, load_catalog
from schemas.codec import Codec
from schemas.register import register_all
from schemas.registry import Registry
from schemas.versions import SchemaVersion

HERE = Path(__file__).parent
GENERATED = 1_000 if os.environ.get("AVROGATE_HYPOTHESIS") == "full" else 100  # records for each schema


@dataclass(frozen=True)
class Registered:
    """The catalog under subjects of this run's own, registered."""

    settings: Settings
    catalog: Catalog

    def client(self) -> SchemaRegistryClient:
        """Confluent's own client. Without a timeout it waits for ever for an answer that was lost (seen)."""
        return SchemaRegistryClient({"url": self.settings.registry, "timeout": self.settings.request_timeout})

    def codec(self, version: SchemaVersion) -> Codec:
        """Our codec of a version of the shipped catalog, which has other topics."""
        mine = next(one for one in self.catalog.versions if str(one) == str(version))
        return Codec(mine, Registry(self.settings).id_of(mine))


def by_path(name: str, file: Path) -> ModuleType:
    """A module loaded once by its path: tests are in no package."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec and spec.loader
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def pytest_configure(config: pytest.Config) -> None:
    """The counts at the end of the run."""
    config.pluginmanager.register(by_path("avrogate_contracts_tests_counts", HERE / "counts.py"))


@pytest.fixture(scope="session")
def doubles() -> Callable[[str], ModuleType]:
    """The modules of `tests/doubles`, by name."""
    folder = HERE.parent / "tests" / "doubles"
    return lambda name: by_path(f"avrogate_test_doubles_{name}", folder / f"{name}.py")


@pytest.fixture(scope="session")
def generated_events(doubles: Callable[[str], ModuleType]) -> ModuleType:
    """Hypothesis strategies for the events of any schema."""
    return doubles("generated_events")


@pytest.fixture(scope="session")
def judged() -> ModuleType:
    """A schema before its two judges (`judged.py`)."""
    return by_path("avrogate_contracts_tests_judged", HERE / "judged.py")


@pytest.fixture(scope="session")
def values() -> ModuleType:
    """What other libraries call a record's values (`values.py`)."""
    return by_path("avrogate_contracts_tests_values", HERE / "values.py")


@pytest.fixture(scope="session")
def golden() -> Callable[[str], ModuleType]:
    """The modules of `golden/`, as `golden("corpus")`."""
    return lambda name: by_path(f"avrogate_contracts_tests_golden_{name}", HERE / "golden" / f"{name}.py")


@pytest.fixture(scope="session")
def records_of(values: ModuleType, generated_events: ModuleType) -> Callable[[SchemaVersion], list[dict[str, Any]]]:
    """The records of a version: those of its valid examples, and generated ones."""
    catalog = load_catalog()
    return cache(lambda version: values.valid_records(catalog, version, generated_events, GENERATED))


@pytest.fixture(scope="session")
def registered(stack: Settings) -> Registered:
    """Every schema of the catalog in the registry of the local stack."""
    catalog = load_catalog().suffixed(uuid.uuid4().hex[:8])
    list(register_all(catalog, Registry(stack)))
    return Registered(stack, catalog)
