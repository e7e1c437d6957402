"""Purchases of a minute.

Grain      one row per UTC minute
Counts     purchases
Money      none
"""

from analytics.kpis import Kpi

kpi = Kpi(name="purchases", order=100, event="InAppPurchase")
