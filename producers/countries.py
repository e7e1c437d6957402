"""Where the generated users live: every ISO 3166 code, most of them in the big markets, and a few unknown ones."""

from __future__ import annotations

from functools import cache

import pycountry

# users of 1,000; the other codes share the rest evenly
BIG_MARKETS = {
    "US": 170, "CN": 90, "JP": 80, "BR": 65, "DE": 55, "GB": 50, "IN": 50, "FR": 45, "KR": 40, "MX": 30,
    "IT": 28, "ES": 26, "CA": 24, "TR": 20, "ID": 20, "PL": 16, "PT": 15, "AU": 14, "NL": 12, "AR": 11,
    "SE": 8, "VN": 8, "PH": 8, "TH": 7, "CO": 7, "ZA": 5, "NG": 5, "EG": 5, "CH": 5, "AT": 5,
}  # fmt: skip
# what clients send that is no code: a wrong one for Great Britain, a union, two placeholders
UNKNOWN = ("UK", "EU", "XX", "ZZ")
RESOLUTION = 10_000
UNKNOWN_SHARE, LOWER_CASE_SHARE = 0.01, 0.03


@cache
def wheel() -> tuple[str, ...]:
    """Country codes as often as they are drawn: one place of RESOLUTION is one user of as many.

    Every ISO 3166 alpha-2 code is there at least once. The order, and so what a seed draws, is fixed.
    """
    codes = sorted(country.alpha_2 for country in pycountry.countries)
    small = [code for code in codes if code not in BIG_MARKETS]
    unknown = int(RESOLUTION * UNKNOWN_SHARE)
    places = [code for code, weight in BIG_MARKETS.items() for _ in range(weight * RESOLUTION // 1000)]
    places += [UNKNOWN[index % len(UNKNOWN)] for index in range(unknown)]
    rest = RESOLUTION - len(places)
    places += [small[index % len(small)] for index in range(rest)]
    return tuple(places)


def draw(first: float, second: float) -> str:
    """The country code that a client sends, for two random numbers below 1; sometimes in lower case."""
    code = wheel()[int(first * RESOLUTION)]
    return code.lower() if second < LOWER_CASE_SHARE else code
