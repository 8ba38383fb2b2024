"""What the WebSocket library logs becomes one event; only faults of ours keep their traceback."""

import asyncio

from structlog.testing import capture_logs

from adapters.ocpp.socket_logs import socket_logger
from tests.adapters.ocpp.conftest import Bench


async def test_a_stranger_that_hangs_up_in_the_handshake_is_told_in_one_line(bench: Bench) -> None:
    with capture_logs() as logs:
        _, writer = await asyncio.open_connection("127.0.0.1", int(bench.url.rpartition(":")[2]))
        writer.write(b"nonsense\r\n\r\n")
        writer.close()
        async with asyncio.timeout(30.0):
            while not logs:  # noqa: ASYNC110  # a log has no event
                await asyncio.sleep(0.01)
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("handshake_failed", "warning")]


def test_a_fault_of_ours_keeps_its_traceback() -> None:
    fault = KeyError("CP-1")
    with capture_logs() as logs:
        socket_logger().error("connection handler failed", exc_info=fault)
    assert logs[0]["exc_info"][1] is fault
