"""Countries by their English name.

Clients send ISO 3166 codes, of two letters or of three, in either case. Reports show names (Unicode CLDR's, by
Babel), and keep the code as it was sent, in upper case, as `country-code`.

Fixes    the country of an `init`; a code that nobody knows becomes `Unknown` and is counted
Refuses  an unknown code, if AVROGATE_REFUSE_UNKNOWN_COUNTRY is set
Example  `pt` and `PRT` become `Portugal`
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import pycountry
from babel import Locale

from processors.rules import Context, RecordRule, Refusal

UNKNOWN = "Unknown"
# in use by app stores and in CLDR, though ISO has not assigned it
EXTRA = {"XK": "XK", "XKX": "XK"}


@cache
def names() -> Mapping[str, str]:
    """English name by code of two and of three letters."""
    territories = Locale("en").territories
    codes = {code: country.alpha_2 for country in pycountry.countries for code in (country.alpha_2, country.alpha_3)}
    return {code: territories[alpha_2] for code, alpha_2 in (codes | EXTRA).items()}


def apply(values: Mapping[str, Any], context: Context) -> Refusal | Mapping[str, Any]:
    """Look the code up."""
    code = values["country"].upper()
    name = names().get(code)
    if name is None:
        if context.settings.refuse_unknown_country:
            return Refusal(f'nobody knows the country code "{code}"', "country")
        context.count("unknown-country")
    return {"country": name or UNKNOWN, "country_code": code}


rule = RecordRule(
    name="country-name", reads={"country": "string"}, apply=apply, order=400, sets=("country", "country_code")
)
