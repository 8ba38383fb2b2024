"""What the WebSocket library logs, as events of ours: a stranger that hangs up in the handshake is a line, not a traceback."""

import logging

import structlog
from websockets.exceptions import WebSocketException

log = structlog.get_logger()

PEERS_FAULTS = (WebSocketException, EOFError, OSError)
"""What a peer can cause in a handshake; anything else is a fault of ours, and is logged with its traceback."""


class _AsEvents(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, PEERS_FAULTS):
            cause = error.__cause__ or error
            log.warning("handshake_failed", reason=f"{type(cause).__name__}: {cause}"[:200])
        else:
            log.log(record.levelno, "websocket_trouble", told=record.getMessage(), exc_info=record.exc_info)


def socket_logger() -> logging.Logger:
    """Return the logger to give to the WebSocket library."""
    logger = logging.getLogger(__name__)
    logger.setLevel(logging.WARNING)
    logger.propagate, logger.handlers = False, [_AsEvents()]
    return logger
