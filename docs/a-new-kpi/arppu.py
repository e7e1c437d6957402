"""Revenue of a minute by paying user (ARPPU).

Grain      one row per UTC minute
Counts     purchases, and the distinct users who made them
Money      exact decimal, in the one currency of the events; shown by user, rounded half-even to two places
"""

from analytics.kpis import Kpi

kpi = Kpi(
    name="arppu",
    title="revenue by payer",
    event="InAppPurchase",
    reads={"purchase_value": "decimal(18,2)", "user_id": "string"},
    amount="purchase_value",
    users=("user_id",),
    show="amount-per-user",
)
