"""Every error that Avrogate raises on purpose, under one root.

What a caller does with an error depends on its branch:

ContractError    a schema or an event breaks its contract: dead letter, or fix the schema
TransientError   a broker or registry cannot be reached: wait and try again
anything else    stop without committing, and tell a person
"""


class AvrogateError(Exception):
    """Root of the hierarchy. `hint` says what to do about it; the command line prints both."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigError(AvrogateError):
    """A setting, a file or an argument is wrong; nothing was done."""


class InUse(ConfigError):
    """Another process works on what only one may work on."""


class StackError(AvrogateError):
    """The local stack could not be started or stopped."""


class ContractError(AvrogateError):
    """A schema or an event is not what its contract says."""


class DerivationError(ContractError):
    """A JSON Schema cannot be expressed in Avro; `pointer` is the JSON pointer of the place."""

    def __init__(self, message: str, *, source: str, pointer: str, hint: str | None = None) -> None:
        super().__init__(f"{source}#{pointer}: {message}", hint)
        self.source = source
        self.pointer = pointer


class CatalogError(ContractError):
    """The catalog and the schema files disagree."""


class IncompatibleSchema(ContractError):
    """A registry refuses a schema; the message carries the registry's own reason."""


class SchemaNotRegistered(ContractError):
    """A schema that is about to be written is not in the registry."""


class WireFormatError(ContractError):
    """Bytes are not in the Confluent wire format, or not what their schema says.

    `reason` is the dead-letter reason code.
    """

    def __init__(self, message: str, *, reason: str, schema_id: int | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint)
        self.reason = reason
        self.schema_id = schema_id


class InvalidEvent(ContractError):
    """An event breaks its contract.

    `reason` is the dead-letter reason code; `field` is the dotted JSON path of the field that broke
    it, or None when the event as a whole did.
    """

    def __init__(self, message: str, *, reason: str, field: str | None = None) -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.bare = message
        self.reason = reason
        self.field = field


class TransientError(AvrogateError):
    """An outage: waiting may cure it. Never a reason to refuse an event. `part` is what health calls it."""

    part = "platform"


class BrokerUnavailable(TransientError):
    """No Kafka broker answers."""

    part = "broker"


class RegistryUnavailable(TransientError):
    """The schema registry does not answer, or answers that it is broken."""

    part = "registry"


class NewerSchema(TransientError):
    """An event was written with a version that this installation does not know yet."""

    part = "schema"


class Stopped(AvrogateError):
    """Somebody asked it to stop while it waited for an outage to end.

    Where that was in a commit, the broker knows whether it was taken; the next run asks.
    """


class AuditError(AvrogateError):
    """The audit does not add up."""
