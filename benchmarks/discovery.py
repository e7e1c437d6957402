"""Finding the measures: every module of a folder."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from avrogate.errors import AvrogateError
from benchmarks.measure import Bench, Figures, Measure

MEASURES = Path(__file__).parent / "measures"
PACKAGE = "benchmarks.measures"


@dataclass(frozen=True)
class Source:
    """One file of measures: its rows, and what measures them."""

    name: str
    measures: tuple[Measure, ...]
    run: Callable[[Bench], dict[str, Figures]]


def sources(folder: Path = MEASURES, package: str = PACKAGE) -> tuple[Source, ...]:
    """Every file of measures, by its name; a file whose name begins with _ is a helper of others.

    Raises AvrogateError for a file that offers no measures, and for a row's name that is there twice.
    """
    found = tuple(_sources(folder, package))
    names = [measure.name for source in found for measure in source.measures]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise AvrogateError(f"two measures are called {twice[0]}")
    return found


def _sources(folder: Path, package: str) -> Iterator[Source]:
    for info in pkgutil.iter_modules([str(folder)]):
        if not info.name.startswith("_"):
            yield _source(info.name, importlib.import_module(f"{package}.{info.name}"))


def _source(name: str, module: ModuleType) -> Source:
    measures, run = getattr(module, "MEASURES", None), getattr(module, "run", None)
    if not isinstance(measures, tuple) or not measures or not callable(run):
        raise AvrogateError(f"benchmarks/measures/{name}.py offers no MEASURES, or no run")
    return Source(name, measures, run)
