"""Platforms in upper case.

Clients send `ios`, `iOS` and `IOS` for one platform, and every report groups by it.

Fixes    the platform of an `init`, and of both players' post-match info of a `match`
Refuses  nothing
Example  `ios` becomes `IOS`
"""

from processors.rules import ValueRule

rule = ValueRule(
    name="platform-upper-case",
    reads={
        "platform": "string",
        "user_a_postmatch_info.platform": "string",
        "user_b_postmatch_info.platform": "string",
    },
    fix=str.upper,
)
