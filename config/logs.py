"""Logs: events with fields, on standard error, so that standard output stays for answers."""

import logging
import sys

import structlog


def configure_logs(*, verbose: bool, quiet: bool = False) -> None:
    """Log to standard error: warnings and above when `quiet`, everything when `verbose`, else from INFO on."""
    level = logging.DEBUG if verbose else logging.WARNING if quiet else logging.INFO
    printer = structlog.PrintLogger(sys.stderr)  # one for all: thousands of chargers have loggers of their own
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: printer,
    )
