"""What /metrics and /healthz tell of a real database."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import HTTPError

import pytest
from prometheus_client.parser import text_string_to_metric_families

from jeeves.adapters.metrics import MetricsServer, PrometheusMeter
from jeeves.adapters.postgres.reading import Reading
from jeeves.adapters.postgres.store import PostgresStore
from jeeves.bootstrap import Database
from jeeves.cli import metering
from jeeves.cli.metering import Desk, open_metrics
from jeeves.domain.alert import AlertKind, AlertState, Channel
from jeeves.domain.metering import UNMETERED
from jeeves.errors import StoreUnavailable
from jeeves.service.telling import READ_BEAT
from jeeves.settings import Settings
from tests.builders import ACCOUNT, a_message, an_alert
from tests.conftest import run_sql


def some_settings(home: Path, **more: object) -> Settings:
    given = {"gmail_address": ACCOUNT, "gmail_app_password": "unused", "jeeves_home": home, **more}
    return Settings(**given)  # type: ignore[arg-type]


def serving() -> tuple[str, bool]:
    return "starter-1", True


@pytest.fixture(autouse=True)
def asked_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metering, "KEPT", 0.0)


@pytest.fixture
def store(migrated_url: str) -> Iterator[PostgresStore]:
    with closing(PostgresStore(migrated_url)) as opened:
        yield opened


@contextmanager
def a_desk(dsn: str, home: Path, newest: bool = True) -> Iterator[Desk]:
    with closing(Reading(dsn)) as reading:
        yield Desk(some_settings(home), reading, lambda: ("starter-1", newest))


def read_ago(store: PostgresStore, **ago: float) -> None:
    store.beat(ACCOUNT, READ_BEAT, datetime.now(UTC) - timedelta(**ago))


@pytest.mark.parametrize(
    ("minutes", "newest", "well"), [(14, True, True), (16, True, False), (1, False, False)]
)
def test_it_is_well_by_the_rules_of_status(
    minutes: float,
    newest: bool,
    well: bool,
    store: PostgresStore,
    migrated_url: str,
    tmp_path: Path,
) -> None:
    read_ago(store, minutes=minutes)
    with a_desk(migrated_url, tmp_path, newest) as desk:
        healthy, says = desk.health()
    assert (healthy, says["healthy"]) == (well, well)
    assert says["seconds_since_read"][0] == pytest.approx(60 * minutes, abs=30)
    assert says["model_is_newest"] == newest
    assert ACCOUNT not in str(says)


def test_an_account_that_was_never_read_is_not_well(migrated_url: str, tmp_path: Path) -> None:
    with a_desk(migrated_url, tmp_path) as desk:
        healthy, says = desk.health()
    assert not healthy
    assert says["seconds_since_read"] == [None]


def test_the_outbox_is_counted_by_kind_channel_and_state(
    store: PostgresStore, migrated_url: str, tmp_path: Path
) -> None:
    store.ingest(ACCOUNT, [a_message()], None)
    store.announce([an_alert(kind=AlertKind.NOTICE), an_alert(kind=AlertKind.NOTICE)])
    with a_desk(migrated_url, tmp_path) as desk:
        standing = desk.standing()
    assert standing is not None
    assert standing.outbox == {(AlertKind.NOTICE, Channel.SMS, AlertState.PENDING): 2}
    assert standing.backlog.messages == standing.backlog.unjudged == 1


def test_a_database_that_is_gone_is_told_and_found_again(
    store: PostgresStore, migrated_url: str, tmp_path: Path
) -> None:
    read_ago(store, seconds=5)
    with a_desk(migrated_url, tmp_path) as desk:
        assert desk.health()[0]
        run_sql(migrated_url, "alter table heartbeats rename to elsewhere")
        assert desk.health() == (
            False,
            {"healthy": False, "error": "the database cannot be used"},
        )
        meter = PrometheusMeter("0.1", desk.standing)
        assert "\njeeves_database_up 0.0\n" in meter.page()[0].decode()
        run_sql(migrated_url, "alter table elsewhere rename to heartbeats")
        assert desk.health()[0]


def test_who_asks_while_the_database_hangs_is_not_kept_waiting(
    migrated_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metering, "PATIENCE", 0.01)
    with a_desk(migrated_url, tmp_path) as desk:
        with desk._lock:
            assert desk.standing() is None
            with pytest.raises(StoreUnavailable):
                desk._gather()
        assert desk.standing() is not None


def test_however_often_one_asks_the_database_is_asked_once_in_a_while(
    store: PostgresStore, migrated_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metering, "KEPT", 60.0)
    with a_desk(migrated_url, tmp_path) as desk:
        assert not desk.health()[0]
        read_ago(store, seconds=1)
        assert not desk.health()[0]
        desk._kept_until = 0.0
        assert desk.health()[0]


def test_without_a_port_nothing_is_measured_and_nothing_listens(
    migrated_url: str, tmp_path: Path
) -> None:
    with open_metrics(some_settings(tmp_path), Database(migrated_url), serving, ()) as meter:
        assert meter is UNMETERED


def test_with_a_port_both_pages_answer(
    store: PostgresStore, migrated_url: str, tmp_path: Path
) -> None:
    with MetricsServer(port=0, page=lambda _: (b"", ""), health=lambda: (True, {})) as free:
        port = free.port
    settings = some_settings(tmp_path, metrics_port=port)
    at = f"http://127.0.0.1:{port}"
    with open_metrics(settings, Database(migrated_url), serving, [Channel.URL]) as meter:
        with pytest.raises(HTTPError) as refused:
            urllib.request.urlopen(f"{at}/healthz", timeout=20)
        assert refused.value.code == 503
        read_ago(store, seconds=1)
        with urllib.request.urlopen(f"{at}/healthz", timeout=20) as answer:
            assert answer.status == 200
        meter.commanded(0.1)
        with urllib.request.urlopen(f"{at}/metrics", timeout=20) as answer:
            page = answer.read().decode()
    names = {family.name for family in text_string_to_metric_families(page)}
    assert {"jeeves_healthy", "jeeves_imap_command_seconds"} <= names
    assert "\njeeves_imap_command_seconds_count 1.0\n" in page
    assert 'channel="url"' in page
