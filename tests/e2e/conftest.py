"""The program as its owner runs it: a process of its own, real servers around it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from jeeves.demo.gmail_server import GmailServer
from tests import no_mail_in_logs
from tests.conftest import ROOT
from tests.dovecot import Dovecot, a_dovecot
from tests.e2e.warm import Warm
from tests.twilio_standin import TwilioStandIn

PHONE = "+15005550010"
SENDER = "+15005550006"
#: What the machine needs and Jeeves does not read.
KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "SSL_CERT_FILE", "USER")
#: Longer than any command takes on a busy machine.
COMMAND_SECONDS = 90
#: What commands load when they run, and what only those that learn do.
SERVING = (
    "jeeves.cli",
    "jeeves.bootstrap",
    "jeeves.notifying",
    "jeeves.tables",
    "jeeves.logs",
    "jeeves.cli.status",
    "jeeves.service.daemon",
    "jeeves.learning.registry",
    "jeeves.learning.serving",
    "jeeves.mail.mime",
    "jeeves.adapters.gmail",
    "jeeves.adapters.postgres.schema",
    "jeeves.adapters.postgres.store",
    "alembic.command",
)
TRAINING = ("jeeves.learning.candidate", "jeeves.learning.search")


class Watched(subprocess.Popen[str]):
    """A process whose log is looked at when it has been read: nothing of a mail is logged."""

    def communicate(
        self,
        input: str | None = None,  # noqa: A002  # the base's name
        timeout: float | None = None,
    ) -> tuple[str, str]:
        out, err = super().communicate(input, timeout)
        no_mail_in_logs.look_at_log(err)
        return out, err


class Jeeves:
    """The command line with an environment of its own."""

    def __init__(self, home: Path, warm: Warm | None) -> None:
        self.home = home
        #: Forks the commands; without, each starts an interpreter.
        self.warm = warm
        self.environment = {name: os.environ[name] for name in KEPT if name in os.environ}
        self.environment |= {
            "JEEVES_HOME": str(home),
            "PYTHONPATH": str(ROOT),
            "SPEECH": "off",
            # the tests run at any hour
            "QUIET_HOURS": "off",
            "COLUMNS": "200",
        }

    def configure(self, **settings: str) -> None:
        self.environment |= settings

    def watch(self, server: GmailServer | Dovecot) -> None:
        self.configure(
            GMAIL_ADDRESS=server.address,
            GMAIL_APP_PASSWORD=server.password,
            IMAP_HOST=server.host,
            IMAP_PORT=str(server.port),
            IMAP_SECURITY="none",
        )

    def text_through(self, twilio: TwilioStandIn) -> None:
        self.configure(
            TWILIO_ACCOUNT_SID=twilio.account_sid,
            TWILIO_AUTH_TOKEN=twilio.auth_token,
            TWILIO_FROM=SENDER,
            TWILIO_BASE_URL=twilio.base_url,
            ALERT_TO=PHONE,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return Watched(
            [sys.executable, "-m", "jeeves", *arguments],
            env=self.environment,
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )

    def cold(self, *arguments: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Run a command in an interpreter of its own, as its owner does."""
        process = self.start(*arguments)
        try:
            out, err = process.communicate(timeout=COMMAND_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            pytest.fail(f"jeeves {' '.join(arguments)} did not end:\n{out}\n{err}")
        return as_expected(
            subprocess.CompletedProcess(arguments, process.returncode, out, err), code
        )

    def __call__(self, *arguments: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Run a command: where a warm process is given, in a fork of it."""
        if self.warm is None:
            return self.cold(*arguments, code=code)
        try:
            ran = self.warm.run(arguments, self.environment, self.home, COMMAND_SECONDS)
        except subprocess.TimeoutExpired:
            pytest.fail(f"jeeves {' '.join(arguments)} did not end")
        return as_expected(ran, code)


def as_expected(
    ran: subprocess.CompletedProcess[str], code: int | None
) -> subprocess.CompletedProcess[str]:
    assert "Traceback" not in ran.stderr, ran.stderr
    assert '"crashed"' not in ran.stderr, ran.stderr
    no_mail_in_logs.look_at_log(ran.stderr)
    assert code is None or ran.returncode == code, (ran.returncode, ran.stdout, ran.stderr)
    return ran


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm | None]:
    """A process that has loaded what most commands load; none where forking is not for sure."""
    if sys.platform != "linux":
        yield None
        return
    with closing(Warm(SERVING, ROOT)) as running:
        yield running


@pytest.fixture(scope="session")
def warm_for_training() -> Iterator[Warm | None]:
    """A process that has loaded what training loads, too."""
    if sys.platform != "linux":
        yield None
        return
    with closing(Warm([*SERVING, *TRAINING], ROOT)) as running:
        yield running


@pytest.fixture
def jeeves(
    tmp_path: Path, discard_database: Callable[[Path], None], warm: Warm | None
) -> Iterator[Jeeves]:
    """The command line without any account or database configured.

    Each command has at least one test that starts it ``cold``.
    """
    yield Jeeves(tmp_path, warm)
    discard_database(tmp_path)


@pytest.fixture
def jeeves_on_postgres(jeeves: Jeeves, migrated_url: str) -> Jeeves:
    """The command line with a database of this test's own."""
    jeeves.configure(DATABASE_URL=migrated_url)
    return jeeves


@pytest.fixture
def twilio() -> Iterator[TwilioStandIn]:
    with TwilioStandIn() as standin:
        yield standin


@pytest.fixture
def gmail() -> Iterator[GmailServer]:
    with GmailServer() as server:
        yield server


@pytest.fixture
def dovecot(needs_program: Callable[[str, str], str]) -> Iterator[Dovecot]:
    with a_dovecot(needs_program) as server:
        yield server
