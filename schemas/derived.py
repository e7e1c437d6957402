"""The derived files: writing them, and finding those that no longer say what their JSON Schema says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from schemas.derive import Loss, Stricter, derive


@dataclass(frozen=True)
class DerivedFile:
    """A JSON Schema file, its `.avsc`, and whether the latter is what would be derived now.

    What the derivation lost (`losses`, `notes`, `stricter`): see `schemas.derive.losses`.
    """

    json_file: Path
    avro_file: Path
    text: str
    losses: tuple[Loss, ...]
    state: str
    notes: tuple[Loss, ...] = ()
    stricter: tuple[Stricter, ...] = ()

    def write(self) -> None:
        """Write the `.avsc` file."""
        self.avro_file.parent.mkdir(parents=True, exist_ok=True)
        self.avro_file.write_text(self.text, encoding="utf-8")


def derive_all(folder: Path) -> list[DerivedFile]:
    """Derive every `json/<stage>/<event>/v<N>.json` below `folder`, in order of their names.

    `state` is `unchanged`, `changed`, `missing`, or `orphan` for an `.avsc` without a JSON Schema.
    Raises DerivationError for the first schema that cannot be derived; nothing is written.
    """
    files = [_derive(folder, file) for file in sorted((folder / "json").glob("*/*/v*.json"))]
    wanted = {file.avro_file for file in files}
    for orphan in sorted(set((folder / "avro").glob("*/*/*.avsc")) - wanted):
        files.append(DerivedFile(folder, orphan, "", (), "orphan"))
    return files


def _derive(folder: Path, file: Path) -> DerivedFile:
    found = derive(file)
    avro_file = folder / "avro" / file.relative_to(folder / "json").with_suffix(".avsc")
    text = found.text()
    if not avro_file.exists():
        state = "missing"
    else:
        state = "unchanged" if avro_file.read_bytes() == text.encode() else "changed"
    return DerivedFile(file, avro_file, text, found.losses, state, found.notes, found.stricter)
