"""How a charge point behaves towards its central system, for better or worse."""

from dataclasses import dataclass

LIMITING = frozenset({"SetChargingProfile", "UpdateDynamicSchedule"})
"""Commands by which power is limited, in every version; each is answered by a status."""


@dataclass(slots=True, kw_only=True)
class Manners:
    """What a fault changes.

    `silent`: no command is answered; `late_s`: answers come late [s of the clock]; `refuses`, `ignores`: limits are refused, or
    accepted and not followed; `repeats`: every request is sent twice.
    """

    silent: bool = False
    late_s: float = 0.0
    refuses: bool = False
    ignores: bool = False
    repeats: bool = False

    def instead(self, action: str) -> dict[str, str] | None:
        """Return what is answered to `action` instead of doing it, None where it is done."""
        if action not in LIMITING or not (self.refuses or self.ignores):
            return None
        return {"status": "Rejected" if self.refuses else "Accepted"}
