"""An event's whole contract, compiled once per schema from its Avro text.

The Avro text carries what Avro itself cannot say as field properties (`json-name`, `json-unit`, `contract`),
so that a contract can be compiled from any registered version, without the JSON Schema.

Two forms of an event:
JSON event   as clients send it: JSON names, seconds, decimals as numbers
record       Avro names; timestamps in milliseconds, money as Decimal, enums as symbols, absent as None
"""

from schemas.contract.compile import Contract, compile_contract

__all__ = ["Contract", "compile_contract"]
