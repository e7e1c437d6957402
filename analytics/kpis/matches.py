"""Matches of a minute.

Grain      one row per UTC minute
Counts     matches, once each, whatever their number of known players
Money      none
"""

from analytics.kpis import Kpi

kpi = Kpi(name="matches", order=400, event="Match")
