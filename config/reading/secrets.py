"""Secrets come from the environment, never from the site file."""

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Callable, Mapping

import structlog

from v2g.errors import SiteError

log = structlog.get_logger(__name__)
PSEUDONYM_DIGITS = 12


def secret(name: str | None, place: str) -> str | None:
    """Return the environment variable `name`, None if the site file names none. Raises `SiteError` if it is not set."""
    if name is None:
        return None
    value = os.environ.get(name)
    if not value:
        raise SiteError(f"the environment variable {name} is not set", place=place, mend=f"export {name}=…, or remove the line")
    return value


def passwords(name: str | None, place: str) -> Mapping[str, str] | None:
    """Return the passwords by charger in the environment variable `name`, a JSON object. Raises `SiteError` if it is none."""
    text = secret(name, place)
    if text is None:
        return None
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise SiteError(f"{name} is not JSON: {error}", place=place, mend='e.g. {"CP-1": "…"}') from error
    if not isinstance(content, dict) or not all(isinstance(value, str) for value in content.values()):
        raise SiteError(f"{name} is no JSON object of texts", place=place, mend='e.g. {"CP-1": "…"}')
    return content


def pseudonyms(name: str | None, place: str) -> Callable[[str], str]:
    """Return how id tags become drivers' names: keyed by the secret in `name`, so that nobody can look them up.

    Without one, a key is made for this run, and a driver is a stranger again after a restart.
    """
    key = secret(name, place)
    if key is None:
        log.warning("pseudonyms_last_for_this_run", mend=f"set {place} so that drivers' habits are known after a restart")
        key = secrets.token_hex(32)
    keyed = key.encode()
    return lambda tag: hmac.new(keyed, tag.encode(), hashlib.sha256).hexdigest()[:PSEUDONYM_DIGITS]
