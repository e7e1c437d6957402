"""Exact numbers from the enriched events, on Spark: distinct users a day, and the minute KPIs."""
