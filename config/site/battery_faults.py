"""What is wrong with the batteries of a site file."""

from collections.abc import Iterator
from itertools import pairwise

from config.reading.fault import Fault
from config.site.file import SiteFile


def battery_faults(file: SiteFile) -> Iterator[Fault]:
    """Yield what is wrong: bounds that cross, depths without prices, prices that fall with depth."""
    for i, battery in enumerate(file.batteries):
        place = ("batteries", i)
        if battery.soc_min_frac >= battery.soc_max_frac:
            yield Fault(place=(*place, "soc_min_frac"), message="the least charge is not below the most", mend="lower it")
        if battery.charge_max_kw == 0:
            message = "a battery that cannot be charged"
            yield Fault(place=(*place, "charge_max_kw"), message=message, mend="give its power, or leave the battery out")
        prices = battery.depth_price_per_kwh
        if len(prices) != len(battery.depth_frac):
            message = f"{len(battery.depth_frac)} depths have {len(prices)} prices"
            yield Fault(place=(*place, "depth_price_per_kwh"), message=message, mend="give one for each of depth_frac")
        if any(deeper < shallower for shallower, deeper in pairwise(prices)):
            message = "a deeper kWh costs less than a shallower one"
            yield Fault(place=(*place, "depth_price_per_kwh"), message=message, mend="let prices rise with depth")
        if sum(battery.depth_frac) > 1.0 + 1e-9:
            message = "the depths are more than the whole battery"
            yield Fault(place=(*place, "depth_frac"), message=message, mend="let them add up to at most 1")
