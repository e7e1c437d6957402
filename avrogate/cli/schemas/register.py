"""`avrogate schemas register`."""

from __future__ import annotations

from typing import Annotated

import typer

from avrogate.cli.options import Folder


def command(
    plan_only: Annotated[
        bool, typer.Option("--plan", "--dry-run", help="Say what would be done; write nothing.")
    ] = False,
    folder: Folder = None,
) -> None:
    """Check the schemas, print a plan, register what is missing, and set each subject's compatibility."""
    from avrogate.cli.console import fail, out, plain
    from avrogate.cli.tables import changed, planned
    from avrogate.consumers import all_consumers
    from avrogate.settings import load_settings
    from schemas.catalog import SCHEMAS, load_catalog
    from schemas.plan import make_plan
    from schemas.register import Change, Registration, execute, refuse
    from schemas.registry import Registry
    from schemas.whole_check import catalog_report

    report = catalog_report(folder or SCHEMAS, consumers=all_consumers)
    if report.findings:
        plain(report.text("table"))
        fail(f"{report.verdict}; nothing was registered")
    registry = Registry(load_settings())
    plan = make_plan(load_catalog(folder or SCHEMAS), registry)
    out.print(planned(plan))
    if plan.refused and plan_only:
        fail(plan.refused[0].refusal or "", "`avrogate schemas diff` shows what only the registry has")
    if plan.refused:
        refuse(plan, registry)
    if plan_only:
        new = len(plan.versions) - plan.unchanged
        plain(f"{new} would be new, {plan.unchanged} unchanged, at {registry.url}")
        return
    done: list[Change] = []
    try:
        done.extend(execute(plan, registry))
    finally:  # what was done before an error stays done
        if done:
            out.print(changed(done))
    new = sum(isinstance(one, Registration) and one.outcome == "new" for one in done)
    plain(f"{new} new, {len(plan.versions) - new} unchanged, at {registry.url}")
