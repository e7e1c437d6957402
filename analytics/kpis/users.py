"""Distinct users of a minute.

Grain      one row per UTC minute
Counts     whoever opened the game, played or bought; a match counts both its players; nobody twice
Money      none
"""

from analytics.kpis import Contribution, Kpi

kpi = Kpi(
    name="users",
    order=300,
    contributions=(
        Contribution(event="Init", reads={"user_id": "string"}, users=("user_id",)),
        Contribution(event="Match", reads={"user_a": "string", "user_b": "string"}, users=("user_a", "user_b")),
        Contribution(event="InAppPurchase", reads={"user_id": "string"}, users=("user_id",)),
    ),
)
