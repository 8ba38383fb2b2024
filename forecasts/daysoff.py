"""Days on which a country rests."""

from collections.abc import Container
from datetime import date

import holidays


def knows_days_off(country: str) -> bool:
    """Return whether the public holidays of a country (ISO 3166-1, two letters) are known."""
    return country in holidays.list_supported_countries()


def days_off(country: str) -> Container[date]:
    """Return the public holidays of a country, none where they are not known."""
    return holidays.country_holidays(country) if knows_days_off(country) else frozenset()
