"""The named types of one Avro schema: records, enums, and references to records of other subjects."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from schemas.derive.annotations import annotation
from schemas.json_files import Place
from schemas.names import avro_name, is_full_name

Origin = tuple[Path, Path, str]  # the schema that defines a name, and the file and pointer where it stands
Names = dict[str, Origin]


class Named:
    """Each name is defined once; what stands at the same place of a file is called by its name afterwards.

    `names_in` gives the names that the schema at a referenced place defines, its own references included: a
    reader writes all of them into one schema.
    """

    def __init__(self, schema: Path, names_in: Callable[[Place, Place], Names]) -> None:
        self.namespace = ""
        self.names: Names = {}
        self._schema = schema
        self._names_in = names_in
        self._known: dict[tuple[Path, str], str] = {}
        self._references: dict[str, dict[str, Any]] = {}

    def known(self, place: Place) -> str | None:
        """The full name of the definition that stands here, if it has been written already."""
        return self._known.get((place.file, place.pointer))

    def define(self, place: Place, kind: str) -> str:
        """The name of the record or enum (`kind`) that stands here; from now on it is known.

        Raises DerivationError if it has no legal name, or one that is taken.
        """
        name = annotation(place, kind)
        if not isinstance(name, str) or avro_name(name) != name:
            article = "an" if kind == "enum" else "a"
            raise place.error(f'x-avro needs {article} "{kind}": the name of the Avro {kind}')
        full = f"{self.namespace}.{name}"
        self._add(place, full, (self._schema, place.file, place.pointer))
        self._known[place.file, place.pointer] = full
        return name

    def refer(self, place: Place, target: Place) -> str:
        """A record in a file of its own is registered on its own subject and referred to by name."""
        name = f"{annotation(target, 'namespace')}.{annotation(target, 'record')}"
        version = target.file.stem.removeprefix("v")
        if not is_full_name(name) or not version.isdecimal():
            raise target.error("a shared record needs x-avro record and namespace, and a file named v<N>.json")
        reference = {"name": name, "type": target.file.parent.name, "version": int(version)}
        if name in self._references:
            if self._references[name] != reference:
                raise target.error(f"two versions of {name} in one schema")
            return name
        for each, origin in self._names_in(place, target).items():
            self._add(place, each, origin)
        self._references[name] = reference
        return name

    def references(self) -> list[dict[str, Any]]:
        """The references of the schema, by name."""
        return [self._references[name] for name in sorted(self._references)]

    def _add(self, place: Place, full: str, origin: Origin) -> None:
        if self.names.setdefault(full, origin) != origin:
            raise place.error(
                f"{full.removeprefix(self.namespace + '.')!r} is defined twice",
                hint="give it another name, write it once and use $ref, or give it a file of its own",
            )
