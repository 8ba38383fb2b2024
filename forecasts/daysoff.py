"""Days on which a country rests."""

from collections.abc import Container
from datetime import date

import holidays


def days_off(country: str) -> Container[date]:
    """Return the public holidays of a country (ISO 3166-1, two letters), none where they are not known."""
    known = country in holidays.list_supported_countries()
    return holidays.country_holidays(country) if known else frozenset()
