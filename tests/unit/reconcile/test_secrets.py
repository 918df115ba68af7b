"""A secret is in the file that needs it, and not in the state file, log, a status, a history or a diff."""

import json
import sqlite3
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from portreeve.definitions.locations import HostFile
from portreeve.definitions.model import Edits, Format, Target, Value, ValueType
from portreeve.definitions.steps import Command, Http
from portreeve.errors import Reason
from portreeve.reconcile.generations import BASELINE
from portreeve.reconcile.status import State
from unit.reconcile.host import Host

SECRET = "correct-horse-battery-staple"
OTHER = "tr0ub4dor-and-three-and-more"


def make_secret(host: Host, type_: ValueType = ValueType.SECRET) -> None:
    """The definition has a secret, which goes into its file."""
    (host.templates / "app.conf.j2").write_text("password {{ password }}\n")
    host.sync = replace(host.sync, values={"password": Value("password", "app", ("db", "password"), type_)})
    host.declare(host.sync)


def choose(host: Host, secret: str) -> None:
    host.ticks += 60
    host.source.write_text(f"[db]\npassword = {secret}\n")


@pytest.fixture
def secret(host: Host) -> Host:
    make_secret(host)
    choose(host, SECRET)
    return host


def seen(host: Host, caplog: pytest.LogCaptureFixture) -> str:
    """Everything that anybody may see or copy, but the target itself."""
    texts = [caplog.text, json.dumps([asdict(info) for info in host.store.history("app")])]
    status = host.board.get("app")
    assert status is not None
    texts += [json.dumps(asdict(status)), json.dumps(asdict(host.reconciler.preview("app")))]
    stored = kept(host)
    host.stop()
    stored += kept(host)
    host.start()
    return "".join((*texts, *stored))


def kept(host: Host) -> list[str]:
    """All that is in the files of the agent's own, the log of the state file included."""
    own = [path for path in host.folder.iterdir() if path.name.startswith(("state", "secrets"))]
    assert len(own) >= 2
    return [path.read_bytes().decode("latin-1") for path in own]


def test_a_secret_reaches_its_file_and_nothing_else(secret: Host, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    secret.target.write_text(f"password {OTHER}\n")
    assert secret.look().state is State.IN_STEP
    assert secret.target.read_text() == f"password {SECRET}\n"
    secret.target.write_text("tampered\n")
    secret.look()
    everything = seen(secret, caplog)
    assert SECRET not in everything
    assert OTHER not in everything, "what was there before may be an older secret"


@pytest.mark.parametrize("use", ["{{ password }}", "{{ values.password }}", "{% include 'app.conf.j2' %}"])
def test_a_step_never_gets_a_secret_by_whatever_way(
    secret: Host, use: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    secret.sync = replace(secret.sync, verify=(Http(f"http://127.0.0.1:9/{use}", timeout=0.05),))
    secret.declare(secret.sync)
    status = secret.look()
    assert status.trouble is not None
    assert status.trouble.reason is Reason.TEMPLATE_FAILED
    assert SECRET not in json.dumps(asdict(status)) + caplog.text


def test_what_a_check_prints_is_told_without_the_secret(
    secret: Host, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    secret.sync = replace(secret.sync, check=(Command(("sh", "-c", 'cat "$0"; false', "{{ staged }}")),))
    secret.declare(secret.sync)
    status = secret.look()
    assert status.trouble is not None
    assert status.trouble.reason is Reason.CHECK_FAILED
    assert "password ****" in status.trouble.evidence
    secret.store.save(secret.record)
    assert SECRET not in json.dumps(asdict(status)) + caplog.text


def test_the_diff_says_that_it_differs(secret: Host) -> None:
    (diff,) = secret.reconciler.preview("app").files
    assert "not shown" in diff.diff


def test_what_was_kept_before_anybody_called_it_secret_is_sealed_and_overwritten(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    make_secret(host, ValueType.STRING)
    choose(host, OTHER)
    host.look()
    choose(host, SECRET)
    host.look()
    caplog.clear()
    make_secret(host)
    host.look()
    everything = seen(host, caplog)
    assert SECRET not in everything
    assert OTHER not in everything
    host.reconciler.hold("app", 1)
    host.look()
    assert host.target.read_text() == f"password {OTHER}\n"


def test_a_rollback_and_a_restart_of_the_agent_open_what_is_sealed(secret: Host) -> None:
    secret.look()
    choose(secret, OTHER)
    secret.look()
    secret.restart_agent()
    assert secret.look().state is State.IN_STEP
    secret.reconciler.hold("app", None)
    secret.look()
    assert secret.target.read_text() == f"password {SECRET}\n"
    secret.reconciler.hold("app", BASELINE)
    secret.look()
    assert not secret.target.exists()


@pytest.mark.parametrize("key", [None, b"", b"x" * 32], ids=["lost", "empty", "another"])
def test_without_its_key_a_generation_counts_as_not_kept_and_is_rendered_again(
    secret: Host, key: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    secret.look()
    secret.stop()
    (secret.folder / "secrets.key").unlink()
    if key is not None:
        (secret.folder / "secrets.key").write_bytes(key)
    secret.source.rename(secret.folder / "away")
    secret.start()
    assert "cannot be opened" in caplog.text
    assert secret.look().state is State.WAITING
    assert secret.target.read_text() == f"password {SECRET}\n", "what is in force stays"
    (secret.folder / "away").rename(secret.source)
    assert secret.look().state is State.IN_STEP
    assert secret.record.good is not None
    secret.restart_agent()
    assert secret.look().state is State.IN_STEP
    secret.reconciler.hold("app", BASELINE)
    secret.look()
    assert secret.target.read_text() == f"password {SECRET}\n"


def test_a_held_generation_that_is_lost_is_named_and_nothing_is_written(secret: Host) -> None:
    secret.look()
    secret.reconciler.hold("app", 1)
    secret.look()
    secret.stop()
    (secret.folder / "secrets.key").unlink()
    secret.start()
    status = secret.look()
    assert status.state is State.FAILED
    assert status.trouble is not None
    assert status.trouble.reason is Reason.UNKNOWN_NAME
    assert secret.target.read_text() == f"password {SECRET}\n"
    secret.reconciler.ask("app")
    assert secret.look().state is State.IN_STEP


def test_the_key_is_for_root_alone_and_made_only_for_a_secret(host: Host) -> None:
    host.bring_in_step(9000)
    assert not (host.folder / "secrets.key").exists()
    make_secret(host)
    choose(host, SECRET)
    host.look()
    assert (host.folder / "secrets.key").stat().st_mode & 0o777 == 0o600


def test_the_library_is_not_imported_without_a_secret(host: Host) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "nacl"]:
        del sys.modules[name]
    host.bring_in_step(9000)
    host.restart_agent()
    assert not any(name.split(".")[0] == "nacl" for name in sys.modules)


def test_keys_with_a_secret_are_sealed(secret: Host, caplog: pytest.LogCaptureFixture) -> None:
    theirs = secret.folder / "theirs.ini"
    theirs.write_text(f"[db]\npassword = {OTHER}\n")
    edits = Edits(Format.INI, {("db", "password"): "{{ password }}"})
    secret.sync = replace(secret.sync, targets=(Target(HostFile(theirs), edits),))
    secret.declare(secret.sync)
    secret.look()
    assert SECRET in theirs.read_text()
    everything = seen(secret, caplog)
    assert SECRET not in everything
    assert OTHER not in everything
    secret.reconciler.hold("app", BASELINE)
    secret.look()
    assert OTHER in theirs.read_text()


def test_a_value_that_is_computed_from_a_secret_shows_none_of_it(secret: Host) -> None:
    values = dict(secret.sync.values)
    values["url"] = Value("url", "", (), ValueType.STRING, expr="db://u:{{ password }}@host")
    secret.sync = replace(secret.sync, values=values)
    secret.declare(secret.sync)
    status = secret.look()
    assert status.values == {"password": "********", "url": "db://u:********@host"}


def test_sealed_rows_are_said_to_be(secret: Host) -> None:
    secret.look()
    with sqlite3.connect(Path(secret.folder / "state.sqlite")) as database:
        assert database.execute("SELECT DISTINCT sealed FROM generations").fetchall() == [(1,)]
    database.close()
