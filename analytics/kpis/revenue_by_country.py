"""Revenue of a minute, by country.

Grain      one row per UTC minute and country
Counts     purchases; a purchase whose user was never seen is under `Unknown`
Money      exact decimal, in the one currency of the events
"""

from analytics.kpis import Kpi

kpi = Kpi(
    name="revenue-by-country",
    order=500,
    event="InAppPurchase",
    reads={"country": "string | null", "purchase_value": "decimal(18,2)"},
    dimensions={"country": "coalesce(country, 'Unknown')"},
    amount="purchase_value",
)
