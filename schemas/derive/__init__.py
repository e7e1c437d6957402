"""JSON Schema to Avro: one file in, one `.avsc` out, the same bytes every time.

What JSON Schema says and Avro cannot (bounds, lengths, patterns, formats) travels as the field property
`contract` and is enforced by the encoder and the quality processor; `Derivation.losses` lists each of them.
A keyword that could be neither expressed nor enforced is an error that names its place, never a guess.

string, boolean, number   `string`, `boolean`, `double`; `x-avro` makes decimals and bytes
integer                   `long`; `x-avro` makes timestamps; `enum` and `const` are held by the contract
enum, const of strings    an Avro enum named by `x-avro`
date-time, date, uuid     a `string` whose format the contract enforces: the text comes back as it was sent
array, object, map        `array`, a closed record, `map`
a type and "null"         a union with null first; `json-null` says that JSON's null is allowed
not required              null if absent, or its JSON `default` (`json-optional`)
$ref                      within a file: scalars where they are used, records and enums once and by name after that;
                          to another file's root: a reference to the record registered on its own subject
"""

from schemas.derive.deriver import Derivation, derive
from schemas.derive.losses import STRICTER, Loss, Stricter

__all__ = ["STRICTER", "Derivation", "Loss", "Stricter", "derive"]
