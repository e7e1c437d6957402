"""The health of several, in one."""

from __future__ import annotations

from avrogate.health import Health, Trouble


def test_troubles_that_are_taken_over_keep_what_they_say() -> None:
    whole = Health()
    late, early = Trouble("unreachable", 20.0), Trouble("takes no offsets", 10.0)
    for part, trouble in [("broker", late), ("registry", late), ("broker", early), ("broker", late)]:
        whole.take_over(part, trouble)
    assert whole.troubles == {"broker": early, "registry": late}
    assert (whole.healthy, whole.alive, whole.outages) == (False, True, 2)
    ended = Trouble("read no more", 30.0, final=True)
    whole.take_over("broker", ended)
    whole.take_over("broker", early)
    assert whole.troubles["broker"] == ended
    assert not whole.alive
