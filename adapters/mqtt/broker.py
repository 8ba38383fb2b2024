"""A broker of one's own for the demo and the tests: Mosquitto where it is installed, else amqtt in this process.

One that dies by itself is started again.
It listens on the loopback address only, lets everybody in and keeps nothing over a restart: never for a real station.
"""

import asyncio
import importlib
import importlib.util
import os
import shutil
import socket
from tempfile import NamedTemporaryFile, TemporaryFile
from types import TracebackType
from typing import Protocol, Self

import structlog
from aiomqtt import ProtocolVersion

from v2g.errors import UnavailableError

log = structlog.get_logger(__name__)

HOST = "127.0.0.1"
START_TIMEOUT_S = 10.0
POLL_S = 0.02
RESTART_AFTER_S = 0.5  # for the port, and so that a program that dies at once does not keep the machine busy
SYSTEM_FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin")  # where packages put daemons, off most users' PATH
MOSQUITTO_CONFIG = """\
listener {port} {host}
allow_anonymous true
persistence false
set_tcp_nodelay true
log_dest stderr
log_type error
log_type warning
"""


class Server(Protocol):
    """A broker program and the newest MQTT that it speaks."""

    name: str
    version: ProtocolVersion

    async def start(self, port: int) -> None:
        """Serve on `port` of the loopback address; return once connections are accepted. Raises `UnavailableError`."""
        ...

    async def ended(self) -> None:
        """Wait until the started program has ended, whoever ended it."""
        ...

    async def stop(self) -> None:
        """End at once, as in a crash; does nothing if it is not running."""
        ...


class Mosquitto:
    """Eclipse Mosquitto as a child process; `config` has the fields ``{host}`` and ``{port}``."""

    name = "mosquitto"
    version = ProtocolVersion.V5

    def __init__(self, program: str, *, config: str = MOSQUITTO_CONFIG) -> None:
        self._program, self._config = program, config
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """The process's id, None before `start` and after `stop`."""
        return self._process.pid if self._process else None

    async def start(self, port: int) -> None:
        """Serve on `port` of the loopback address."""
        with NamedTemporaryFile() as config, TemporaryFile() as errors:
            config.write(self._config.format(host=HOST, port=port).encode())
            config.flush()
            self._process = await asyncio.create_subprocess_exec(self._program, "-c", config.name, stderr=errors)
            try:
                async with asyncio.timeout(START_TIMEOUT_S):
                    await self._accepting(self._process, port)
            except (TimeoutError, UnavailableError) as error:
                await self.stop()
                errors.seek(0)
                raise UnavailableError(f"mosquitto on port {port}: {error} {errors.read().decode()}".strip()) from error

    async def ended(self) -> None:
        """Wait until there is no living process."""
        if self._process is not None:
            await self._process.wait()

    async def stop(self) -> None:
        """Kill the process; it has nothing to save."""
        process, self._process = self._process, None
        if process is not None:
            if process.returncode is None:
                process.kill()
            await process.wait()

    @staticmethod
    async def _accepting(process: asyncio.subprocess.Process, port: int) -> None:
        while process.returncode is None:
            try:
                _, writer = await asyncio.open_connection(HOST, port)
            except ConnectionRefusedError:
                await asyncio.sleep(POLL_S)
            else:
                writer.close()
                await writer.wait_closed()
                return
        raise UnavailableError(f"it ended with code {process.returncode}")


class Amqtt:
    """The pure-Python broker amqtt on this event loop. It leaves an MQTT 5.0 connection that has a last will hanging."""

    name = "amqtt"
    version = ProtocolVersion.V311

    def __init__(self) -> None:
        self._library = importlib.import_module("amqtt.broker")
        self._broker = None

    async def start(self, port: int) -> None:
        """Serve on `port` of the loopback address."""
        anonymous = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
        listeners = {"default": {"type": "tcp", "bind": f"{HOST}:{port}"}}
        broker = self._library.Broker({"listeners": listeners, "plugins": anonymous})
        try:
            await broker.start()
        except self._library.BrokerError as error:
            raise UnavailableError(f"amqtt on port {port}: {error}") from error
        self._broker = broker

    async def ended(self) -> None:
        """Wait for ever: it lives and dies with this process."""
        await asyncio.Event().wait()

    async def stop(self) -> None:
        """Close every connection and stop listening."""
        broker, self._broker = self._broker, None
        if broker is not None:
            await broker.shutdown()


class EmbeddedBroker:
    """A broker on the loopback address, as an asynchronous context manager; `stop` and `start` make drills.

    A server that dies without `stop` is started again on the same port.

    Parameters
    ----------
    port : int
        Where to listen; 0 chooses a free port, which then stays the same over restarts.
    server : Server
        What serves; by default what is installed. Raises `UnavailableError` if nothing is.
    """

    host = HOST

    def __init__(self, port: int = 0, *, server: Server | None = None) -> None:
        self._server = server or installed_server()
        self.port = port or free_port()
        self._guard: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        """The program that serves: "mosquitto" or "amqtt"."""
        return self._server.name

    @property
    def version(self) -> ProtocolVersion:
        """The newest MQTT that the program speaks; clients must use no newer one."""
        return self._server.version

    async def start(self) -> None:
        """Serve, and return once connections are accepted. Raises `UnavailableError` if the port is taken."""
        await self._serve()
        self._guard = asyncio.create_task(self._restart_whenever_it_dies())

    async def stop(self) -> None:
        """End at once, as in a crash, and stay ended: retained messages are gone, last wills are not sent."""
        guard, self._guard = self._guard, None
        if guard is not None:
            guard.cancel()
            await asyncio.wait([guard])
        await self._server.stop()
        log.info("broker_stopped", program=self.name, port=self.port)

    async def _serve(self) -> None:
        _require_free(self.port)
        await self._server.start(self.port)
        log.info("broker_started", program=self.name, host=HOST, port=self.port)

    async def _restart_whenever_it_dies(self) -> None:
        while True:
            await self._server.ended()
            log.warning("broker_died", program=self.name, port=self.port)
            await self._restart()

    async def _restart(self) -> None:
        """Serve again as soon as the port can be had."""
        while True:
            await asyncio.sleep(RESTART_AFTER_S)
            try:
                return await self._serve()
            except UnavailableError as error:
                log.warning("broker_not_started", program=self.name, port=self.port, reason=str(error))

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.stop()


def installed_server() -> Server:
    """Return Mosquitto if it is installed, else amqtt. Raises `UnavailableError` with what to install."""
    program = find_mosquitto()
    if program is not None:
        return Mosquitto(program)
    if importlib.util.find_spec("amqtt") is not None:
        return Amqtt()
    raise UnavailableError("no MQTT broker is installed: install the package mosquitto, or pip install '.[broker]'")


def find_mosquitto() -> str | None:
    """Return the path of the program mosquitto, None if it is not installed."""
    return shutil.which("mosquitto", path=os.pathsep.join((os.environ.get("PATH", ""), *SYSTEM_FOLDERS)))


def free_port() -> int:
    """Return a port of the loopback address on which nobody listens."""
    with socket.create_server((HOST, 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _require_free(port: int) -> None:
    try:
        socket.create_server((HOST, port)).close()
    except OSError as error:
        raise UnavailableError(f"port {port} of {HOST} cannot be used: {error.strerror}; choose another") from error
