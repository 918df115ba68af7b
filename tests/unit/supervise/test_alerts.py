"""Who is told and how often: journal, a real web server, a real command; and what is remembered."""

import json
import logging
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.webhook import HANG, webhook
from portreeve.definitions.settings import AlertSettings
from portreeve.supervise import alert_delivery
from portreeve.supervise.alert import Alert, AlertKind
from portreeve.supervise.alert_book import WINDOW
from portreeve.supervise.alert_channels import Setback
from portreeve.supervise.alert_delivery import CAPACITY, Delivery
from portreeve.supervise.alerts import Alerts
from portreeve.systemd.messages import MessageId


def alert(kind: AlertKind, subject: str = "container:db", at: float = 1_800_000_000.0) -> Alert:
    return Alert(kind, subject, f"{subject} is {kind}", "seen so", "do this", at)


def degraded(number: int) -> Alert:
    return alert(AlertKind.DEGRADED, f"host:{number}")


RESTORED, LOST = alert(AlertKind.RESTORED), alert(AlertKind.LOST)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(alert_delivery, "BACKOFF", (0.01, 0.02))
    caplog.set_level(logging.INFO)


def test_the_journal_has_each_alert_with_its_message_id(caplog: pytest.LogCaptureFixture) -> None:
    alerts = Alerts(AlertSettings())
    alerts.tell(RESTORED, LOST, LOST, RESTORED, degraded(1))
    alerts.close(1.0)
    entries = [(vars(record)["message_id"], record.getMessage()) for record in caplog.records]
    assert entries == [
        (MessageId.SUBJECT_LOST, "container:db is lost: seen so"),
        (MessageId.SUBJECT_RESTORED, "container:db is restored: seen so"),
        (MessageId.HOST_DEGRADED, "host:1 is degraded: seen so"),
    ]
    assert vars(caplog.records[0])["portreeve_subject"] == "container:db"


def test_without_a_command_or_webhook_there_is_no_thread() -> None:
    before = threading.active_count()
    Alerts(AlertSettings()).tell(degraded(1))
    assert threading.active_count() == before


def test_a_webhook_that_fails_at_first_gets_it_in_the_end() -> None:
    with webhook(500, 503, 200) as server:
        alerts = Alerts(AlertSettings(webhook=server.url, timeout=5.0))
        alerts.tell(RESTORED, LOST)
        _until(lambda: len(server.got) == 3)
        alerts.close(5.0)
        assert len(server.got) == 3
        told = server.got[2]
        host = told["host"]
        assert told == {
            "version": 1,
            "kind": "lost",
            "subject": "container:db",
            "host": host,
            "at": "2027-01-15T08:00:00Z",
            "what": "container:db is lost",
            "evidence": "seen so",
            "hint": "do this",
            "flapped": 0,
            "dropped": 0,
            "text": f"{host}: container:db is lost. do this",
        }


def _until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)


def test_after_its_retries_it_is_given_up_and_the_next_one_is_tried(caplog: pytest.LogCaptureFixture) -> None:
    with webhook(500, 500, 500, 200) as server:
        alerts = Alerts(AlertSettings(webhook=server.url, timeout=5.0, retries=2))
        alerts.tell(degraded(1), degraded(2))
        _until(lambda: len(server.got) == 4)
        alerts.close(5.0)
        assert [told["subject"] for told in server.got] == ["host:1"] * 3 + ["host:2"]
    said = [record.getMessage() for record in caplog.records]
    assert "an alert was not delivered to the webhook of [alerts]: it answered with 500" in said


def test_no_log_entry_shows_the_address_of_the_webhook(caplog: pytest.LogCaptureFixture) -> None:
    with webhook(500, 302, HANG) as server:
        alerts = Alerts(AlertSettings(webhook=server.url, timeout=0.2, retries=0))
        alerts.tell(degraded(1), degraded(2), degraded(3))
        _until(lambda: "no answer in time" in caplog.text)
        alerts.close(1.0)
        alerts.tell(degraded(4))
    assert "came too late" in caplog.text
    assert "s3cr3t" not in caplog.text + alerts.dump()


def test_a_command_and_a_webhook_do_not_wait_for_each_other(tmp_path: Path) -> None:
    got = tmp_path / "got"
    script = "import sys; open(sys.argv[1], 'a').write(sys.stdin.read() + '\\n')"
    with webhook(HANG) as server:
        command = (sys.executable, "-c", script, str(got))
        alerts = Alerts(AlertSettings(command, server.url, timeout=20.0))
        alerts.tell(degraded(1), degraded(2))
        _until(lambda: got.exists() and got.read_text().count("\n") == 2)
        server.over.set()
        alerts.close(5.0)
    assert [json.loads(line)["subject"] for line in got.read_text().splitlines()] == ["host:1", "host:2"]


class Held:
    """A channel that holds its first alert until it is let go."""

    name = "the test"
    timeout = 60.0

    def __init__(self) -> None:
        self.go = threading.Event()
        self.began = threading.Event()
        self.got: list[dict[str, str | int]] = []

    def send(self, body: bytes, timeout: float) -> Setback | None:
        self.began.set()
        self.go.wait(timeout)
        self.got.append(json.loads(body))
        return None


def test_when_too_many_wait_the_oldest_are_dropped_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    channel = Held()
    delivery = Delivery(channel, 0)
    delivery.put(degraded(0).to_json())
    channel.began.wait(10)
    for number in range(1, CAPACITY + 8):
        delivery.put(degraded(number).to_json())
    channel.go.set()
    _until(lambda: len(channel.got) == CAPACITY + 1)
    delivery.end(5.0)
    delivery.join()
    assert channel.got[1]["subject"] == "host:8"
    assert [told["dropped"] for told in channel.got] == [0, 7] + [0] * (CAPACITY - 1)
    assert "7 alerts for the test were dropped: too many waited" in caplog.text


def test_closing_sends_what_waits() -> None:
    with webhook(200) as server:
        alerts = Alerts(AlertSettings(webhook=server.url))
        alerts.tell(*map(degraded, range(20)))
        alerts.close(10.0)
        assert len(server.got) == 20


def test_closing_does_not_wait_longer_than_it_may(caplog: pytest.LogCaptureFixture) -> None:
    channel = Held()
    delivery = Delivery(channel, 3)
    for number in range(3):
        delivery.put(degraded(number).to_json())
    channel.began.wait(10)
    began = time.monotonic()
    delivery.end(0.2)
    delivery.join()
    assert time.monotonic() - began < 2
    assert "3 alerts were not delivered to the test before the end" in caplog.text
    channel.go.set()


def test_what_was_told_is_remembered_by_the_next_agent(caplog: pytest.LogCaptureFixture) -> None:
    first = Alerts(AlertSettings())
    assert first.tell(RESTORED, LOST)
    assert not first.tell(LOST)
    second = Alerts(AlertSettings())
    second.load(first.dump())
    caplog.clear()
    assert not second.tell(LOST)
    assert second.tell(RESTORED)
    assert [record.getMessage() for record in caplog.records] == ["container:db is restored: seen so"]


def test_what_is_held_back_is_remembered_and_told_when_it_is_due(caplog: pytest.LogCaptureFixture) -> None:
    first = Alerts(AlertSettings())
    for turn in range(10):
        first.tell(alert(AlertKind.LOST if turn % 2 else AlertKind.RESTORED, at=1000.0 + turn))
    second = Alerts(AlertSettings())
    second.load(first.dump())
    assert second.dump() == first.dump()
    caplog.clear()
    assert not second.tell_due(1009.0)
    assert second.tell_due(1001.0 + WINDOW)
    (record,) = caplog.records
    assert record.getMessage() == "container:db is lost: seen so after 4 changes that were not told"


def test_after_a_reset_giving_up_is_told_again() -> None:
    alerts = Alerts(AlertSettings())
    gave_up = alert(AlertKind.GAVE_UP)
    assert alerts.tell(gave_up)
    assert not alerts.tell(gave_up)
    assert alerts.reset("container:db")
    assert not alerts.reset("container:db")
    assert alerts.tell(gave_up)


def test_what_is_forgotten_was_never_told() -> None:
    alerts = Alerts(AlertSettings())
    alerts.tell(RESTORED, degraded(1))
    assert alerts.subjects() == ("container:db", "host:1")
    assert alerts.forget("container:db")
    assert not alerts.forget("container:db")
    assert alerts.subjects() == ("host:1",)


@pytest.mark.parametrize("text", ["[]", "{", '{"a": 1}', '{"a": {"kind": "x", "held": null}}'])
def test_what_is_no_memory_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Alerts(AlertSettings()).load(text)


def test_many_threads_telling_the_same_tell_it_once(caplog: pytest.LogCaptureFixture) -> None:
    alerts = Alerts(AlertSettings())
    threads = [threading.Thread(target=alerts.tell, args=(degraded(1),)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(caplog.records) == 1


@pytest.mark.parametrize("kind", AlertKind)
def test_the_page_about_alerts_has_every_kind_and_its_message_id(kind: AlertKind) -> None:
    page = (Path(__file__).parents[3] / "docs/alerts.md").read_text()
    (row,) = [line for line in page.splitlines() if line.startswith(f"| `{kind}` |")]
    name = f"{'HOST' if kind in (AlertKind.DEGRADED, AlertKind.RECOVERED) else 'SUBJECT'}_{kind.name}"
    assert MessageId[name] in row


def test_the_page_about_alerts_has_every_field() -> None:
    page = (Path(__file__).parents[3] / "docs/alerts.md").read_text()
    for field in (*LOST.to_json(), "dropped"):
        assert f"`{field}`" in page
