"""Fixtures of all tests in this folder."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from schemas.catalog import SCHEMAS, Catalog, load_catalog

DOUBLES = Path(__file__).parent / "doubles"

# AVROGATE_HYPOTHESIS=full for a long search
settings.register_profile(
    "quick", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.register_profile("full", settings.get_profile("quick"), max_examples=5_000)
settings.load_profile(os.environ.get("AVROGATE_HYPOTHESIS", "quick"))


def double(name: str) -> ModuleType:
    """The module `doubles/<name>.py`, loaded once by its path: tests are in no package."""
    full_name = f"avrogate_test_doubles_{name}"
    if full_name not in sys.modules:
        spec = importlib.util.spec_from_file_location(full_name, DOUBLES / f"{name}.py")
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[full_name] = module
        spec.loader.exec_module(module)
    return sys.modules[full_name]


@pytest.fixture(scope="session")
def generated_events() -> ModuleType:
    """Hypothesis strategies for the events of any schema (`doubles/generated_events.py`)."""
    return double("generated_events")


@pytest.fixture
def memory_registry() -> Any:
    """An empty registry in memory (`doubles/registry.py`)."""
    return double("registry").MemoryRegistry()


@pytest.fixture(scope="session")
def registry_proxy() -> ModuleType:
    """A proxy before a real registry: TLS, credentials, another registry's answers (`doubles/registry_proxy.py`)."""
    return double("registry_proxy")


@pytest.fixture(scope="session")
def certificates() -> ModuleType:
    """Authorities and server certificates (`doubles/certificates.py`)."""
    return double("certificates")


@pytest.fixture
def registered(memory_registry: Any) -> Any:
    """A registry in memory that has every schema of the shipped catalog."""
    from schemas.register import register_all

    register_all(load_catalog(), memory_registry)
    return memory_registry


@pytest.fixture
def copied_schemas(tmp_path: Path) -> Path:
    """A copy of the schema folder (JSON, Avro, catalog; not the examples) that a test may change."""
    folder = tmp_path / "schemas"
    for part in ("json", "avro"):
        shutil.copytree(SCHEMAS / part, folder / part)
    shutil.copy(SCHEMAS / "catalog.yaml", folder)
    return folder


@pytest.fixture
def catalog() -> Catalog:
    """The shipped catalog."""
    return load_catalog()
