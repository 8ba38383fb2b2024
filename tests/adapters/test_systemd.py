import asyncio
import socket
from pathlib import Path

import pytest

from adapters.ending import end
from adapters.systemd import Systemd
from tests.support.builders import NOW
from v2g.station import Health


def health(*, alive: bool = True, ready: bool = True) -> Health:
    return Health(alive=alive, ready=ready, at=NOW, last_tick_at=None, parts=())


async def hear(systemd: socket.socket, n: int) -> list[bytes]:
    return [await asyncio.get_running_loop().sock_recv(systemd, 100) for _ in range(n)]


async def test_ready_once_watchdog_only_while_alive_stopping_at_the_end(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as systemd:
        systemd.bind(address)
        now = [health(ready=False)]
        telling = asyncio.create_task(Systemd({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "30000"}).run(lambda: now[0]))
        assert await hear(systemd, 1) == [b"WATCHDOG=1"]
        now[0] = health()
        heard = await hear(systemd, 5)
        assert sum(said.startswith(b"READY=1") for said in heard) == 1
        now[0] = health(alive=False)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(hear(systemd, 5), 0.2)  # what was on its way comes, no more
        await end([telling])
        assert await hear(systemd, 1) == [b"STOPPING=1"]


async def test_without_systemd_nothing_is_told() -> None:
    await Systemd({}).run(health)


async def test_a_socket_that_is_gone_is_no_error(tmp_path: Path) -> None:
    telling = asyncio.create_task(Systemd({"NOTIFY_SOCKET": str(tmp_path / "gone"), "WATCHDOG_USEC": "30000"}).run(health))
    await asyncio.sleep(0.05)
    assert not telling.done()
    await end([telling])
