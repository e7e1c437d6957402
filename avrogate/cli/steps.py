"""How the result of each step of the pipeline is printed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import RenderableType

from analytics.daily_users import DailyReport
from analytics.lake_fill import FillSummary
from avrogate.cli.analytics.lake import filled
from avrogate.cli.analytics.render import daily, minutes
from avrogate.cli.tables import audited, dead_letters, outcomes, produced, registrations, topics
from avrogate.local.stack import Started
from avrogate.pipeline import Minutes
from processors.audit import Audit
from processors.replay.reading import Kind
from processors.tally import Tally
from producers.summary import Summary
from schemas.register import Registration
from schemas.topics import TopicState

# rows of the daily table that a screen shows; `avrogate analytics daily-users --top 0` prints all
LONGEST = 20


def render(result: Any) -> Iterable[RenderableType]:
    """What to print of a step's result; nothing for one that says nothing."""
    match result:
        case Started():
            return [f"started: {', '.join(result.services) or 'nothing, it was running'}"]
        case Summary():
            return produced(result)
        case Tally():
            return [outcomes(result)]
        case FillSummary():
            return [filled(result)]
        case DailyReport():
            return daily(result, top=LONGEST)
        case Minutes():
            return minutes(result.kpis)
        case Audit():
            return audited(result)
        case [TopicState(), *_]:
            return [topics(result)]
        case [Registration(), *_]:
            return [registrations(result)]
        case [Kind(), *_]:
            return dead_letters(result)
        case _:
            return []
