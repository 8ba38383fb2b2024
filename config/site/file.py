"""The site file: its schema. `load.py` reads one, `build.py` turns it into the domain's `Site`."""

from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, field_validator

from config.reading.ranges import DAY_S, NAME, Number, Strict, model_of
from config.site.assets_file import AssetFile
from config.site.openadr_file import OpenAdrFile, OpenAdrVtnFile
from v2g.failsafe import Failsafe
from v2g.site import Battery, Horizon, PlannerChoice, PvArray, Rules, Tariff, TariffPeriod, UncontrolledLoad


def known_zone(value: str) -> str:
    """Return the name of a time zone. Raises `ValueError` if there is none of it."""
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("there is no such time zone; use an IANA name, e.g. Asia/Shanghai") from error
    return value


Zone = Annotated[str, AfterValidator(known_zone)]
Kw = Annotated[Number, Field(ge=0, le=1e7, description="[kW]")]
Name = Annotated[str, Field(pattern=NAME)]
Days = Annotated[int, Field(ge=1, le=36_500)]
PlaceAliases = {"circuit_id": "circuit"}
ROOT = "grid"

BatteryFile: Any = model_of(Battery, {"battery_id": "id", **PlaceAliases}, {"circuit_id": ROOT})
PvFile: Any = model_of(PvArray, {"pv_id": "id", **PlaceAliases}, {"circuit_id": ROOT})
LoadFile: Any = model_of(UncontrolledLoad, PlaceAliases, {"circuit_id": ROOT})
PeriodFile: Any = model_of(TariffPeriod)
RulesFile: Any = model_of(Rules)
HorizonFile: Any = model_of(Horizon)
FailsafeFile: Any = model_of(Failsafe)
_TariffBase: Any = model_of(Tariff)


class TariffFile(_TariffBase):  # type: ignore[misc]  # the base is made from the dataclass
    """What energy costs when no signal says otherwise."""

    periods: tuple[PeriodFile, ...] = ()


class GridFile(Strict):
    """The grid connection: what the station may take and give at most."""

    import_limit_kw: Kw
    export_limit_kw: Kw = 0.0
    phase_limit_a: Annotated[Number, Field(gt=0, le=1e6)] | None = None
    voltage_v: Annotated[Number, Field(gt=0, le=1e6)] = 230.0


class CircuitFile(Strict):
    """A breaker or transformer below the grid connection, or a cabinet with `modules` of `module_kw` that its chargers share."""

    id: Name
    parent: Name = ROOT
    import_limit_kw: Kw | None = None
    export_limit_kw: Kw | None = None
    phase_limit_a: Annotated[Number, Field(gt=0, le=1e6)] | None = None
    voltage_v: Annotated[Number, Field(gt=0, le=1e6)] = 230.0
    modules: Annotated[int, Field(ge=1, le=1000)] | None = None
    module_kw: Annotated[Number, Field(gt=0, le=1e6)] | None = None


class ChargerFile(Strict):
    """One charger, or `count` alike (named id-1, id-2, …), each with `connectors` outlets."""

    id: Name
    count: Annotated[int, Field(ge=1, le=10_000)] | None = None
    connectors: Annotated[int, Field(ge=1, le=16)] = 1
    protocol: Literal["ocpp1.6", "ocpp2.0.1", "ocpp2.1", "mqtt"]
    circuit: Name = ROOT
    charge_max_kw: Annotated[Number, Field(gt=0, le=1e6)]
    discharge_max_kw: Kw = 0.0
    min_current_a: Annotated[Number, Field(ge=0, le=1e6)] = 6.0
    phases: tuple[Literal[1, 2, 3], ...] = (1, 2, 3)
    voltage_v: Annotated[Number, Field(gt=0, le=1e6)] = 230.0
    efficiency: Annotated[Number, Field(gt=0, le=1)] = 0.95
    fallback_kw: Kw = 0.0
    negative_limits: bool = False

    @field_validator("phases")
    @classmethod
    def _some_phases(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if not value or len(set(value)) != len(value):
            raise ValueError("name each phase once, e.g. [1, 2, 3] or [1]")
        return value


class OcppTlsFile(Strict):
    """TLS to the chargers: files in PEM. `client_ca` has signed the chargers' own certificates, where they have any."""

    certificate: str
    key: str
    client_ca: str | None = None


class OcppFile(Strict):
    """Where chargers connect, and how they prove who they are: docs/ocpp.md, "Security profiles".

    `passwords_env` names an environment variable with a JSON object {charger: password}, `pepper_env` one with the secret under
    which passwords were made digests, `pseudonym_key_env` one with the key by which id tags become pseudonyms.
    `without_passwords` lets every process of this machine in as any charger, for trials.
    Meter values are asked for every `meter_interval_s`.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 9000
    tls: OcppTlsFile | None = None
    passwords_env: str | None = None
    pepper_env: str | None = None
    without_passwords: bool = False
    pseudonym_key_env: str | None = None
    answer_timeout_s: Annotated[Number, Field(gt=0, le=1e6)] = 10.0
    meter_interval_s: Annotated[Number, Field(ge=1, le=DAY_S)] = 60.0


class MqttTlsFile(Strict):
    """TLS to the broker: files in PEM.

    Its certificate must be signed by the authority in `ca`, or by one that this machine trusts; `certificate` and `key` are ours.
    """

    ca: str | None = None
    certificate: str | None = None
    key: str | None = None


class MqttFile(Strict):
    """The broker. `password_env` names an environment variable; `version` is "3.1.1" for brokers that know no 5.0.

    With `home_assistant` the station's chargers and figures show up in Home Assistant by themselves.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 1883
    version: Literal["5.0", "3.1.1"] = "5.0"
    tls: MqttTlsFile | None = None
    user: str | None = None
    password_env: str | None = None
    home_assistant: bool = False


class WebTlsFile(Strict):
    """TLS to browsers and programs: files in PEM."""

    certificate: str
    key: str


class WebFile(Strict):
    """The REST API and the dashboard, where people log in (docs/api.md, "Who may do what").

    `token_env` names an environment variable with a token that may do all but administer people. `without_login` lets every process
    of this machine do so without one, for trials; with a token, everybody may read, and changes need it.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    tls: WebTlsFile | None = None
    token_env: str | None = None
    without_login: bool = False


class StoreFile(Strict):
    """The database, how long things are kept in it, and the file in which writes wait that it does not take."""

    url: str = "sqlite:///v2g.sqlite"
    spill: str | None = None
    ticks_days: Days = 14
    history_days: Days = 800
    wishes_days: Days = 30
    visits_days: Days = 180


class ForecastsFile(Strict):
    """Models are learnt at night in a process with these bounds; without `learn` day-type profiles and like visits speak."""

    learn: bool = True
    time_limit_s: Annotated[Number, Field(gt=0, le=DAY_S)] = 900.0
    memory_mb: Annotated[int, Field(ge=256, le=1 << 20)] = 4096


class SeriesFile(Strict):
    """What `v2g simulate` makes up, and time zones of the files given to it; the site's own where nothing is said.

    `habit` says how cars come and go where no sessions are given.
    """

    habit: Literal["workplace", "apartments", "supercharging"] = "workplace"

    sessions_time_zone: Zone | None = None
    load_time_zone: Zone | None = None
    prices_time_zone: Zone | None = None
    load_scale: Annotated[Number, Field(gt=0, le=1e6)] = 1.0


class SiteFile(Strict):
    """A station, as its operator describes it."""

    id: Name
    name: str = ""
    time_zone: Zone
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "CNY"
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "CN"
    grid: GridFile
    circuits: tuple[CircuitFile, ...] = ()
    chargers: Annotated[tuple[ChargerFile, ...], Field(min_length=1)]
    load: LoadFile | None = None
    pv: tuple[PvFile, ...] = ()
    batteries: tuple[BatteryFile, ...] = ()
    assets: tuple[AssetFile, ...] = ()
    tariff: TariffFile
    rules: RulesFile = RulesFile()
    horizon: HorizonFile = HorizonFile()
    planner: PlannerChoice = "auto"
    ocpp: OcppFile = OcppFile()
    mqtt: MqttFile | None = None
    web: WebFile = WebFile()
    openadr: OpenAdrFile | None = None
    openadr_vtn: OpenAdrVtnFile | None = None
    failsafe: FailsafeFile | None = None
    store: StoreFile = StoreFile()
    forecasts: ForecastsFile = ForecastsFile()
    series: SeriesFile = SeriesFile()
