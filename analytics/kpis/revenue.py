"""Revenue of a minute.

Grain      one row per UTC minute
Counts     purchases
Money      exact decimal, in the one currency of the events
"""

from analytics.kpis import Kpi

kpi = Kpi(
    name="revenue",
    order=200,
    event="InAppPurchase",
    reads={"purchase_value": "decimal(18,2)"},
    amount="purchase_value",
)
