"""Registration: the one place from which schemas get into a registry. Also `python -m schemas.register`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NoReturn

from avrogate.errors import IncompatibleSchema
from schemas.catalog import Catalog
from schemas.plan import LevelStep, Plan, VersionStep, make_plan
from schemas.registry import NEW_VERSION, Registry
from schemas.versions import SchemaVersion

Outcome = Literal["new", "unchanged"]


@dataclass(frozen=True)
class Registration:
    """What became of one version."""

    subject: str
    source: str
    version: int
    schema_id: int
    outcome: Outcome


@dataclass(frozen=True)
class LevelSet:
    """A subject's compatibility level that was set; `before` is None if it had none of its own."""

    subject: str
    before: str | None
    level: str


Change = Registration | LevelSet


def register_all(catalog: Catalog, registry: Registry) -> list[Registration]:
    """Register every version of the catalog that is not there yet, and set the levels; what became of each.

    Idempotent: what is there already stays, with its id.

    Raises IncompatibleSchema with the registry's reason, and what `make_plan` does; then nothing was written,
    unless the registry changed its mind between plan and registration.
    """
    plan = make_plan(catalog, registry)
    if plan.refused:
        refuse(plan, registry)
    new = {(one.subject, one.source): one for one in execute(plan, registry) if isinstance(one, Registration)}
    return [new.get((step.version.subject, str(step.version))) or _found(step) for step in plan.versions]


def execute(plan: Plan, registry: Registry) -> Iterator[Change]:
    """Do what a plan without refusals says, step by step; yield what each step changed.

    Safe if the registry changed since: each step looks again, and leaves what is as it should be.
    Raises IncompatibleSchema with the registry's reason, RegistryUnavailable; the steps before it stay done.
    """
    for step in plan.steps:
        if isinstance(step, LevelStep):
            before = registry.compatibility(step.subject)
            if before != step.level:
                registry.set_compatibility(step.subject, step.level)
                yield LevelSet(step.subject, before, step.level)
        elif step.found is None:
            yield _register(registry, step.version)


def refuse(plan: Plan, registry: Registry) -> NoReturn:
    """Raise IncompatibleSchema for the first version of a plan that is refused.

    Where the registry has not said why, it is asked to register that version, and says it then.
    """
    first = plan.refused[0]
    earlier = (step for step in plan.versions if step.found is None and step.version.subject == first.version.subject)
    if first.reason_missing and next(earlier) is first:  # out of turn it could get a number that is not its own
        registry.register(first.version)
        raise IncompatibleSchema(f"{first.version}: refused a moment ago, and registered now", "run it again")
    raise IncompatibleSchema(first.refusal or "", NEW_VERSION)


def _register(registry: Registry, version: SchemaVersion) -> Registration:
    before = registry.lookup(version)
    after = before or registry.register(version)
    return Registration(
        version.subject, str(version), after.version, after.schema_id, "unchanged" if before else "new"
    )


def _found(step: VersionStep) -> Registration:
    assert step.found is not None
    return Registration(
        step.version.subject, str(step.version), step.found.version, step.found.schema_id, "unchanged"
    )


if __name__ == "__main__":
    import sys

    from avrogate.cli import main

    main(["schemas", "register", *sys.argv[1:]])
