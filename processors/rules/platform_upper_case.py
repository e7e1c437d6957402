"""Platforms in upper case.

Clients send `ios`, `iOS` and `IOS` for one platform, and every report groups by it.

Fixes    the platform of an `init`, and of both players' post-match info of a `match`
Refuses  nothing
Example  `ios` becomes `IOS`
"""

from processors.rules import ValueRule

rule = ValueRule(
    name="platform-upper-case",
    fields=("platform", "user_a_postmatch_info.platform", "user_b_postmatch_info.platform"),
    fix=str.upper,
)
