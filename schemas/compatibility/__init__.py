"""Whether a new version of a schema is safe beside an earlier one, without a registry.

resolution    the Avro specification's rules: can this reader read what that writer wrote at all
misreadings   what the specification, and so every registry, lets pass though readers then see something else
"""

from schemas.compatibility.findings import Finding, Problem
from schemas.compatibility.normal import InvalidAvro, normalize
from schemas.compatibility.pairs import compare, invalid

__all__ = ["Finding", "InvalidAvro", "Problem", "compare", "invalid", "normalize"]
