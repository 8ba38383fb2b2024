"""Who calls, by what a request shows."""

import hmac

from v2g.access import Caller, CallerKind, Role

BY_TOKEN = Caller(name="token", role=Role.ADMIN, kind=CallerKind.MACHINE)
READER = Caller(name="anybody", role=Role.VIEWER, kind=CallerKind.ANYBODY)
THIS_MACHINE = Caller(name="this machine", role=Role.ADMIN, kind=CallerKind.ANYBODY)


class Callers:
    """Tells who calls.

    With `token` alone everybody may read, and whoever has it may do all that machines may; without one, whoever reaches
    the application may.
    """

    def __init__(self, *, token: str | None = None) -> None:
        self._token = token

    async def find(self, bearer: str | None) -> Caller | None:
        """Return who shows this token, None if nobody knows."""
        if self._token is None:
            return THIS_MACHINE
        if bearer is not None and hmac.compare_digest(bearer.encode(), self._token.encode()):
            return BY_TOKEN
        return READER
