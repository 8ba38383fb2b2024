"""The cookie by which a phone is known again at one outlet's page: a secret of its own, which no script can read."""

import re
import secrets
from datetime import timedelta
from typing import Annotated

from fastapi import Cookie, Request, Response

from adapters.web.access.cookies import secure
from v2g.session import STAY_MAX

PHONE = "v2g_phone"
KEPT = STAY_MAX + timedelta(days=1)
SHAPE = re.compile("[0-9a-f]{32}")

Shown = Annotated[str | None, Cookie(alias=PHONE, description="What the outlet's page gave this phone.")]


def known(shown: str | None) -> str | None:
    """Return the secret that a phone shows, None if it shows none that we gave."""
    return shown if shown and SHAPE.fullmatch(shown) else None


def remembered(shown: str | None, request: Request, response: Response) -> str:
    """Return the secret of a phone, which is given one if it has none, for this outlet's calls alone."""
    secret = known(shown)
    if secret is None:
        secret = secrets.token_hex(16)
        path = request.url.path
        response.set_cookie(
            PHONE, secret, max_age=int(KEPT.total_seconds()), path=path, secure=secure(request), httponly=True, samesite="strict"
        )
    return secret
