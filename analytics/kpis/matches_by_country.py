"""Matches of a minute, by country.

Grain      one row per UTC minute and country
Counts     matches, under the country of the player whose client sent them (user-a); `Unknown` if never seen
Money      none
"""

from analytics.kpis import Kpi

kpi = Kpi(
    name="matches-by-country",
    order=600,
    event="Match",
    reads={"country": "string | null"},
    dimensions={"country": "coalesce(country, 'Unknown')"},
)
