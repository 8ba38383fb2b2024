"""Logs: events with fields, on standard error, so that standard output stays for answers."""

import logging
import sys
from typing import TextIO, cast

import structlog


def configure_logs(*, verbose: bool, quiet: bool = False) -> None:
    """Log to standard error: warnings and above when `quiet`, everything when `verbose`, else from INFO on."""
    level = logging.DEBUG if verbose else logging.WARNING if quiet else logging.INFO
    printer = structlog.PrintLogger(cast("TextIO", _StandardError()))  # one for all: each of thousands of chargers has a logger
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # The default shows every local variable, arrays and secrets too: that took the loop up to 13 s on a busy machine.
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: printer,
    )


class _StandardError:
    """Standard error as it is at the moment: whoever replaces it gets what is logged from then on."""

    def write(self, text: str) -> None:
        sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()
