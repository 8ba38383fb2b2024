"""Messages between the daemon and its solver process: a length, then a pickle. Both ends are ours, on a private pipe."""

import asyncio
import pickle
from typing import Any, BinaryIO

LENGTH_BYTES = 8


def pack(message: Any) -> bytes:
    """Return a message as a frame."""
    body = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    return len(body).to_bytes(LENGTH_BYTES, "little") + body


def read(stream: BinaryIO) -> Any:
    """Return the next message of a pipe. Raises `EOFError` at its end."""
    head = stream.read(LENGTH_BYTES)
    if len(head) < LENGTH_BYTES:
        raise EOFError
    return _unpack(stream.read(int.from_bytes(head, "little")))


async def receive(stream: asyncio.StreamReader) -> Any:
    """Return the next message of a pipe on the loop. Raises `asyncio.IncompleteReadError` at its end."""
    head = await stream.readexactly(LENGTH_BYTES)
    return _unpack(await stream.readexactly(int.from_bytes(head, "little")))


def _unpack(body: bytes) -> Any:
    return pickle.loads(body)  # noqa: S301 (written by our own child or parent on an anonymous pipe)
