"""The demo's station, grown to many chargers: some on real protocols, the others simulated in process, on a feeder tree."""

from dataclasses import replace
from math import ceil

from config.site.build import build_site
from config.site.file import SiteFile
from config.site.load import LoadedSite
from v2g.site import Protocol, Site

DEMO_OUTLETS = 12
REAL_OCPP, REAL_MQTT = 16, 8
"""More sockets than these, each with a device that reports every few seconds of a fast clock, leave the control loop no time."""
FEEDER_OUTLETS = 200
FEWEST_FEEDERS = 2
FEEDER_SHARE = 0.7
"""A feeder carries this share of its chargers' ratings: together they are too much for it."""
AC_KW, V2G_KW = 11.0, 22.0


def grown(loaded: LoadedSite, outlets: int) -> LoadedSite:
    """Return the demo's station with so many outlets (≥ 24), two of three AC, its connection, load and sun grown alike.

    The first `REAL_OCPP` AC chargers speak OCPP 1.6 and the first `REAL_MQTT` V2G chargers MQTT.
    """
    n_v2g = outlets // 3
    n_feeders = max(ceil(outlets / FEEDER_OUTLETS), FEWEST_FEEDERS)
    parts = [(_part(outlets - n_v2g, i, n_feeders), _part(n_v2g, i, n_feeders)) for i in range(n_feeders)]
    factor = outlets / DEMO_OUTLETS
    told = loaded.file.model_dump(by_alias=True, exclude_unset=True)
    for part, names in (("grid", ("import_limit_kw", "export_limit_kw")), ("load", ("base_kw", "peak_kw"))):
        told[part] |= {name: factor * told[part][name] for name in names}
    told["pv"] = [array | {"peak_kw": factor * array["peak_kw"]} for array in told["pv"]]
    limits_kw = [FEEDER_SHARE * (ac * AC_KW + v2g * V2G_KW) for ac, v2g in parts]
    told["circuits"] = [{"id": f"F{i + 1}", "import_limit_kw": kw, "export_limit_kw": kw} for i, kw in enumerate(limits_kw)]
    told["chargers"] = [charger for i, (ac, v2g) in enumerate(parts) for charger in _chargers(i + 1, ac, v2g)]
    told["horizon"] |= {"event_s": told["horizon"]["tick_s"]}
    file = SiteFile.model_validate(told)
    return LoadedSite(site=_with_few_wires(build_site(file)), file=file)


def _part(total: int, i: int, n: int) -> int:
    """Return the i-th of `n` nearly equal parts of `total`."""
    return total * (i + 1) // n - total * i // n


def _chargers(feeder: int, ac: int, v2g: int) -> list[dict[str, object]]:
    where = f"F{feeder}"
    return [
        {"id": f"{where}-AC", "count": ac, "protocol": "ocpp1.6", "circuit": where, "charge_max_kw": AC_KW},
        {
            "id": f"{where}-V2G",
            "count": v2g,
            "protocol": "mqtt",
            "circuit": where,
            "charge_max_kw": V2G_KW,
            "discharge_max_kw": V2G_KW,
            "min_current_a": 0,
        },
    ]


def _with_few_wires(site: Site) -> Site:
    left = {Protocol.OCPP16: REAL_OCPP, Protocol.MQTT: REAL_MQTT}
    evses = []
    for evse in site.evses:
        left[evse.protocol] -= 1
        evses.append(evse if left[evse.protocol] >= 0 else replace(evse, protocol=Protocol.SIMULATED))
    return replace(site, evses=tuple(evses))
