"""Many raw events at once: what `processors.judge` says of each, in a tenth of the time.

The values of a batch lie in one buffer, and numpy walks over all events of a schema id together: it checks the wire
format and the contract, finds where each field stands, and what does not change is copied as it is. A changed value
is worked out once and remembered by its bytes. All of it is made from the two schemas and the rules' declarations, so
a new event has it for free.

It only ever says yes. An event that it would refuse, or that is unusual in any way (a schema id of its own, a number
written in more bytes than it takes, a rule's no), goes to the judge, which alone knows refusals. An event with arrays
or maps, or one that a rule without a batch form goes for, is the judge's altogether. The two must give the same bytes
and the same dead letters: `tests/unit/processors/batch/test_equality.py` holds them to it.
"""

from processors.batch.judge import BatchJudge, Judged

__all__ = ["BatchJudge", "Judged"]
