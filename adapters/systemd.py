"""Tells systemd that the daemon is ready, that its control loop lives, and that it is about to stop.

Source: sd_notify(3), datagrams of KEY=VALUE lines to the socket that NOTIFY_SOCKET names; without one nothing is told.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Mapping

from v2g.station import Health

LOOK_S = 0.5
SHARE = 3.0
"""The watchdog is told so many times in its period."""


class Systemd:
    """Whom `environment` names. Waits are on the wall's clock, as systemd's are."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._pause_s = min(int(environment.get("WATCHDOG_USEC", "0")) / 1e6 / SHARE or LOOK_S, LOOK_S)

    async def run(self, health: Callable[[], Health]) -> None:
        """Tell until cancelled: READY after the first tick, WATCHDOG only while ticks come in time, STOPPING at the end."""
        if not self._address:
            return
        ready = False
        try:
            while True:
                now = health()
                if now.ready and not ready:
                    ready = self._tell("READY=1\nSTATUS=the control loop runs")
                if now.alive:
                    self._tell("WATCHDOG=1")
                await asyncio.sleep(self._pause_s)
        finally:
            self._tell("STOPPING=1")

    def _tell(self, state: str) -> bool:
        """Return whether it was told; systemd restarts a daemon whose words do not come through."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as out:
            try:
                out.sendto(state.encode(), self._address)
            except OSError:
                return False
        return True
