"""Every example, by the digest of its bytes: one that is gone or was edited is noticed, whatever it proved.

The inventory lies beside this file, one line for each folder of examples. After a change that is meant:

    python contracts_tests/inventory.py
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from schemas.catalog import SCHEMAS

FILE = Path(__file__).with_suffix(".txt")


def digest(files: dict[str, bytes]) -> str:
    """One digest of files by their names."""
    total = hashlib.sha256()
    for name, content in sorted(files.items()):
        total.update(f"{name} {hashlib.sha256(content).hexdigest()}\n".encode())
    return total.hexdigest()[:16]


def examples(folder: Path = SCHEMAS) -> dict[str, dict[str, bytes]]:
    """The examples of a schema folder: content by name, by the folder that they lie in."""
    found: dict[str, dict[str, bytes]] = {}
    for file in sorted((folder / "examples").rglob("*.json")):
        place = "/".join(file.parent.relative_to(folder / "examples").parts)
        found.setdefault(place, {})[file.name] = file.read_bytes()
    return found


def inventory(found: dict[str, dict[str, bytes]]) -> str:
    """The text that is checked in: folder, number of examples, digest."""
    return "".join(f"{place} {len(files)} {digest(files)}\n" for place, files in sorted(found.items()))


if __name__ == "__main__":
    FILE.write_text(inventory(examples()), encoding="utf-8")
