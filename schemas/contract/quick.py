"""A contract as straight-line code: one function for a whole event, in place of a call for each value.

The functions only know how to say yes. At any doubt they say nothing, and the objects of `scalars` and `structures`
judge: they make the errors, and take what is right but rare (other mappings than dict, unknown fields that are to
be dropped). So these functions may doubt more than they must, but never say yes, or another value, where the objects
do not.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from decimal import Decimal
from typing import Any

from schemas.contract.constraints import Bounds
from schemas.contract.scalars import EXACT, LONG, Binary, Double, Money, Symbol, Text, Truth, Value, Whole
from schemas.contract.structures import Array, Either, Field, Map, Nullable, Record
from schemas.generated_code import NESTED, Code, Lines, doubt_if, indented

ATOMS = (type(None), bool, int, float, str, bytes, Decimal)  # the same object is as good as a copy
# what the lines call
HELPERS: dict[str, Any] = {"Decimal": Decimal, "EXACT": EXACT, "b64decode": b64decode, "copy": copy}
# what makes a doubt of a number or a length
BEYOND = {
    "minLength": "len({x}) < {limit}",
    "maxLength": "len({x}) > {limit}",
    "minItems": "len({x}) < {limit}",
    "maxItems": "len({x}) > {limit}",
    "minimum": "{x} < {limit}",
    "maximum": "{x} > {limit}",
    "exclusiveMinimum": "{x} <= {limit}",
    "exclusiveMaximum": "{x} >= {limit}",
    "enum": "{x} not in {limit}",
}


def quick_record(root: Record) -> Callable[[Any], dict[str, Any] | None]:
    """What gives the record of a JSON event, or None where it has a doubt."""
    coder = RecordCoder(Code(**HELPERS))
    return coder.code.answer([*coder.lines(root, "x", 0), "return x"])


def quick_check(root: Record) -> Callable[[Any], bool | None]:
    """What gives True for a record that keeps the bounds, or None where it has a doubt."""
    coder = _CheckCoder(Code(**HELPERS))
    return coder.code.answer([*coder.lines(root, "x", 0), "return True"])


class _Coder:
    """Writes the lines that look at the value in a variable; each class has its own `lines` for a type of value."""

    def __init__(self, code: Code) -> None:
        self.code = code

    def lines(self, value: Value, x: str, depth: int) -> Lines:
        """Lines that raise at a doubt about the value in `x`, and may put another one there."""
        raise NotImplementedError

    def within(self, value: Value, x: str, depth: int) -> Lines:
        """The same, in a function of its own where it would be too much to write it out once more."""
        if self.code.in_place(value, depth) or not isinstance(value, Record | Array | Map):
            yield from self.lines(value, x, depth)
        else:
            yield f"{x} = {self.code.function_of(value, lambda: [*self.lines(value, 'x', 0), 'return x'])}({x})"

    def beyond(self, bounds: Bounds, x: str) -> Iterator[str]:
        """The conditions under which the value in `x` is out of its bounds."""
        limits = dict(bounds.limits)
        if limits.keys() >= {"minLength", "maxLength"}:
            low, high = (self.code.constant(limits.pop(keyword)) for keyword in ("minLength", "maxLength"))
            yield f"not {low} <= len({x}) <= {high}"
        for keyword, limit in limits.items():
            if keyword in BEYOND:
                yield BEYOND[keyword].format(x=x, limit=self.code.constant(limit))
            else:
                yield f"{self.code.constant(bounds.checks[keyword])}({x}) is not None"

    def whole(self, value: Whole, x: str) -> Iterator[str]:
        """When a whole number in JSON's unit is out of its bounds, or of 64 bits in the record's unit.

        One interval says both, as far as the bounds are whole numbers too.
        """
        low, high = -(-LONG.start // value.factor), (LONG.stop - 1) // value.factor
        others = dict(value.bounds.limits)
        if isinstance(others.get("minimum"), int):
            low = max(low, others.pop("minimum"))
        if isinstance(others.get("maximum"), int):
            high = min(high, others.pop("maximum"))
        yield f"not {self.code.constant(low)} <= {x} <= {self.code.constant(high)}"
        yield from self.beyond(value.bounds.only(others), x)

    def too_long(self, x: str, digits: int) -> str:
        """The condition under which a decimal has more digits before the point."""
        low, high = (self.code.constant(Decimal((sign, (1,), digits))) for sign in (1, 0))
        return f"not {low} < {x} < {high}"


class RecordCoder(_Coder):
    """Makes the record of a JSON event of the value in the variable."""

    def lines(self, value: Value, x: str, depth: int) -> Lines:
        match value:
            case Record():
                yield from self.record(value, x, depth)
            case Text():
                yield from doubt_if(f"type({x}) is not str", *self.text(value, x))
            case Whole():
                yield from doubt_if(f"type({x}) is not int", *self.whole(value, x))
                yield from self.scaled(value, x)
            case Truth():
                yield from doubt_if(f"{x} is not True and {x} is not False")
            case Symbol():
                yield from self.symbol(value, x)
            case Money() | Double():
                yield from self.number(value, x)
            case Binary():
                yield from doubt_if(f"type({x}) is not str")
                yield f"{x} = b64decode({x}, validate=True)"
            case _:
                yield from self.structure(value, x, depth)

    def structure(self, value: Value, x: str, depth: int) -> Lines:
        match value:
            case Nullable():
                yield from (f"if {x} is not None:", *indented([*self.within(value.value, x, depth), "pass"]))
            case Either(text=Text() as text, number=Whole() as number):
                yield from (f"if type({x}) is str:", *indented([*doubt_if(*self.text(text, x)), "pass"]))
                whole = [*doubt_if(*self.whole(number, x)), *self.scaled(number, x), "pass"]
                yield from (f"elif type({x}) is int:", *indented(whole), "else: raise Doubt")
            case Array():
                item, found = self.code.name(), self.code.name()
                yield from doubt_if(f"type({x}) is not list", *self.beyond(value.bounds, x))
                inside = self.within(value.items, item, NESTED)
                yield from (f"{found} = []", f"for {item} in {x}:")
                yield from indented([*inside, f"{found}.append({item})"])
                yield f"{x} = {found}"
            case Map():
                key, item, found = self.code.name(), self.code.name(), self.code.name()
                yield from doubt_if(f"type({x}) is not dict")
                inside = self.within(value.values, item, NESTED)
                yield from (f"{found} = {{}}", f"for {key}, {item} in {x}.items():")
                yield from indented(doubt_if(f"type({key}) is not str", _no_unicode(key)))
                yield from indented([*inside, f"{found}[{key}] = {item}"])
                yield f"{x} = {found}"
            case _:
                yield "raise Doubt"

    def record(self, record: Record, x: str, depth: int) -> Lines:
        entries: list[str] = []

        def entry(field: Field, key: str) -> Lines:
            variable = self.code.name()
            entries.append(f"{self.code.constant(field.name)}: {variable}")
            there = [f"{variable} = {x}[{key}]", *self.within(field.value, variable, depth + 1)]
            if field.optional:
                yield from self.optional(x, key, there, f"{variable} = {self.default(field)}")
            else:
                yield from there

        yield from self.fields(record, x, entry)
        yield f"{x} = {{{', '.join(entries)}}}"

    def fields(self, record: Record, x: str, entry: Callable[[Field, str], Lines]) -> Lines:
        """The lines of each field (`entry`, by the name of its key), and a doubt if there are other keys.

        Each known key that is there is counted: if there are as many keys, none is unknown.
        """
        if len(record.json_names) != len(record.fields):
            yield "raise Doubt"
            return
        yield from doubt_if(f"type({x}) is not dict")
        required = sum(not field.optional for field in record.fields)
        if required == len(record.fields):
            yield from doubt_if(f"len({x}) != {required}")
        else:
            yield f"{x}_keys = {required}"
        for field in record.fields:
            yield from entry(field, self.code.constant(field.json_name))
        if required != len(record.fields):
            yield from doubt_if(f"len({x}) != {x}_keys")

    def optional(self, x: str, key: str, there: Iterable[str], absent: str) -> Lines:
        """Lines for a key that is there, and one where it is not."""
        yield from (f"if {key} in {x}:", *indented([f"{x}_keys += 1", *there]))
        yield from ("else:", *indented([absent]))

    def default(self, field: Field) -> str:
        """What stands in a record where JSON has no such key, as an expression."""
        default = self.code.constant(field.default)
        return default if isinstance(field.default, ATOMS) else f"copy({default})"

    def text(self, value: Text, x: str) -> Iterator[str]:
        yield from (*self.beyond(value.bounds, x), _no_unicode(x))

    def scaled(self, value: Whole, x: str) -> Lines:
        if value.factor != 1:
            yield f"{x} *= {self.code.constant(value.factor)}"

    def symbol(self, value: Symbol, x: str) -> Lines:
        symbols = {text: symbol for symbol, text in reversed(value.texts.items())}
        yield from doubt_if(f"type({x}) is not str")
        yield f"{x} = {self.code.constant(symbols)}[{x}]"

    def number(self, value: Money | Double, x: str) -> Lines:
        yield f"if type({x}) is int: {x} = Decimal({x})"
        yield f"elif type({x}) is float: {x} = Decimal(repr({x}))"
        yield from (f"elif type({x}) is not Decimal: raise Doubt", *doubt_if(*self.beyond(value.bounds, x)))
        found = self.code.name()
        if isinstance(value, Double):
            yield from doubt_if(f"not {x}.is_finite()")
            yield f"{found} = float({x})"
            yield from doubt_if(f"{found} - {found} != 0")
        else:
            unit, digits = Decimal(1).scaleb(-value.scale), value.precision - value.scale
            yield f"{found} = {x}.quantize({self.code.constant(unit)}, None, EXACT)"
            same = () if value.rounds else (f"{found} != {x}",)
            yield from doubt_if(*same, self.too_long(found, digits))
        yield f"{x} = {found}"


class _CheckCoder(_Coder):
    def lines(self, value: Value, x: str, depth: int) -> Lines:
        match value:
            case Record():
                for field in value.fields:
                    inside = self.code.name()
                    yield f"{inside} = {x}[{self.code.constant(field.name)}]"
                    below = [*self.within(field.value, inside, depth + 1)]
                    if below:
                        yield from (f"if {inside} is not None:", *indented(below))
            case Text():
                yield from doubt_if(*self.beyond(value.bounds, x))
            case Whole():
                yield from doubt_if(f"type({x}) is not int")
                if value.factor != 1:
                    factor = self.code.constant(value.factor)
                    yield from (*doubt_if(f"{x} % {factor}"), f"{x} //= {factor}")
                yield from doubt_if(*self.whole(value, x))
            case Money():
                yield from doubt_if(f"type({x}) is not Decimal", f"not {x}.is_finite()")
                too_long = self.too_long(x, value.precision - value.scale)
                yield from doubt_if(too_long, *self.beyond(value.bounds, x))
            case Double():
                yield from doubt_if(f"type({x}) is not float", f"{x} - {x} != 0")
                if value.bounds.limits:
                    yield from (f"{x} = Decimal(repr({x}))", *doubt_if(*self.beyond(value.bounds, x)))
            case Binary() | Truth() | Symbol():
                pass
            case _:
                yield from self.structure(value, x, depth)

    def structure(self, value: Value, x: str, depth: int) -> Lines:
        match value:
            case Nullable():
                below = [*self.within(value.value, x, depth)]
                if below:
                    yield from (f"if {x} is not None:", *indented(below))
            case Either():
                text, number = ([*self.lines(one, x, depth), "pass"] for one in (value.text, value.number))
                yield from (f"if isinstance({x}, str):", *indented(text), "else:", *indented(number))
            case Array():
                yield from doubt_if(f"type({x}) is not list", *self.beyond(value.bounds, x))
                yield from self.each(value.items, x)
            case Map():
                yield from doubt_if(f"type({x}) is not dict")
                yield from self.each(value.values, f"{x}.values()")
            case _:
                yield "raise Doubt"

    def each(self, value: Value, values: str) -> Lines:
        item = self.code.name()
        below = [*self.within(value, item, NESTED)]
        if below:
            yield from (f"for {item} in {values}:", *indented(below))


def _no_unicode(x: str) -> str:
    """A condition that is never true: for half of a surrogate pair `encode` raises."""
    return f"not ({x}.isascii() or {x}.encode())"
