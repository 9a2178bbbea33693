"""Who is let in, by password or access token, and how often."""

from __future__ import annotations

import re
from base64 import b64decode

from pymap.backend.dict import Config, Identity, Login
from pymap.context import connection_exit
from pymap.exceptions import ResponseError
from pymap.parsing import Params
from pymap.parsing.command.nonauth import AuthenticateCommand
from pymap.parsing.exceptions import NotParseable
from pymap.parsing.response import ResponseNo
from pymap.user import UserMetadata
from pysasl import SASLAuth
from pysasl.creds.external import ExternalCredentials
from pysasl.creds.server import ServerCredentials
from pysasl.mechanism.oauth import OAuth2Mechanism

from jeeves.demo.gmail.refusals import Refusal

AUTHENTICATE = re.compile(rb" +([\w-]+)(?: +(=|[A-Za-z0-9+/]+={0,2}))? *\r?\n")


class Refused(ResponseError):
    """A command is answered with NO."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal)
        self.refusal = refusal

    def get_response(self, tag: bytes) -> ResponseNo:
        """The tagged NO."""
        return ResponseNo(tag, self.refusal.encode())


class GmailLogin(Login):
    """The door of the one account: passwords, access tokens and Gmail's limits."""

    def __init__(self, config: Config, address: str, password: str, connections: int) -> None:
        super().__init__(config)
        self._user = UserMetadata(config, address, password=password)
        self.users_dict[address] = self._user
        self._connections = connections
        self._open = 0
        #: Access tokens that let in.
        self.good_tokens: frozenset[str] = frozenset()
        #: How many logins and commands are still refused for want of quota.
        self.throttled = 0
        #: Why nobody is let in, if so.
        self.closed: Refusal | None = None

    def count(self) -> None:
        """Count a login or command; raises `Refused` while the account is throttled."""
        if self.throttled:
            self.throttled -= 1
            raise Refused(Refusal.QUOTA)

    def refusal_of(self, credentials: ServerCredentials) -> Refusal | None:
        """Why these credentials do not let in at the moment, if so."""
        if self.throttled:
            return Refusal.QUOTA
        if self.closed is not None:
            return self.closed
        if not self._knows(credentials):
            return Refusal.CREDENTIALS
        return Refusal.CONNECTIONS if self._open >= self._connections else None

    def _knows(self, credentials: ServerCredentials) -> bool:
        if credentials.authzid != self._user.name:
            return False
        if isinstance(credentials, ExternalCredentials):
            return credentials._token in self.good_tokens
        return credentials.verify(self._user)

    async def authenticate(self, credentials: ServerCredentials) -> Identity:
        """Let the connection in, which counts as open until it ends; raises `Refused`."""
        refusal = self.refusal_of(credentials)
        self.count()
        if refusal is not None:
            raise Refused(refusal)
        self._open += 1
        connection_exit.get().callback(self._leave)
        return Identity(self._user.name, self, None, frozenset())

    def _leave(self) -> None:
        self._open -= 1


class GmailAuthenticate(AuthenticateCommand):
    """AUTHENTICATE, which may bring the client's first response along (SASL-IR, RFC 4959)."""

    #: Decoded; None where the server is to ask for it.
    response: bytes | None = None

    @classmethod
    def parse(cls, buf: memoryview, params: Params) -> tuple[AuthenticateCommand, memoryview]:
        """Read the command after its name."""
        words = AUTHENTICATE.fullmatch(buf)
        if words is None:
            raise NotParseable(buf)
        command = cls(params.tag, words[1].upper())
        if words[2]:
            try:
                command.response = b64decode(words[2])  # "=" is an empty one
            except ValueError as exc:
                raise NotParseable(buf) from exc
        return command, buf[words.end() :]


def mechanisms() -> SASLAuth:
    """PLAIN, LOGIN and XOAUTH2."""
    return SASLAuth([*SASLAuth.defaults().server_mechanisms, OAuth2Mechanism()])
