"""A folder that is mirrored: one set of files, keys for nobody else, and what went at the source goes."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from portreeve.definitions.locations import HostFile
from portreeve.definitions.model import Mirror, Source, Target
from portreeve.errors import Reason
from portreeve.reconcile.status import State
from unit.reconcile.host import Host

KEY = "-----BEGIN EC PRIVATE KEY-----\nbm90IG9uZQ==\n-----END EC PRIVATE KEY-----\n"
CERT = "-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----\n"


@pytest.fixture
def certs(host: Host) -> Path:
    folder = host.folder / "certs"
    folder.mkdir()
    (folder / "site.crt").write_text(CERT)
    (folder / "site.key").write_text(KEY)
    declare(host)
    return folder


def declare(host: Host, mode: int | None = None) -> None:
    sources = {"certs": Source("certs", HostFile(host.folder / "certs"), None)}
    target = Target(HostFile(host.target.parent / "ssl"), Mirror("certs"), mode)
    host.sync = replace(host.sync, sources=sources, values={}, targets=(target,))
    host.declare(host.sync)


def look(host: Host) -> State:
    host.ticks += 60
    return host.look().state


def files(host: Host) -> dict[str, tuple[str, str]]:
    """Name, mode and content of all that is there."""
    top = host.target.parent / "ssl"
    found = sorted(path for path in top.rglob("*") if path.is_file())
    return {
        str(path.relative_to(top)): (f"{path.stat().st_mode & 0o777:o}", path.read_text()) for path in found
    }


def test_all_files_are_there_and_a_key_is_for_nobody_else(host: Host, certs: Path) -> None:
    (certs / "site.crt").chmod(0o666)
    (certs / "site.key").chmod(0o644)
    (certs / "token").write_text("x")
    (certs / "token").chmod(0o640)
    assert look(host) is State.IN_STEP
    assert files(host) == {"site.crt": ("644", CERT), "site.key": ("600", KEY), "token": ("600", "x")}


def test_a_declared_mode_is_that_of_all(host: Host, certs: Path) -> None:
    declare(host, 0o640)
    assert look(host) is State.IN_STEP
    assert {mode for mode, _ in files(host).values()} == {"640"}


def test_what_is_removed_at_the_source_is_removed_and_the_folder_with_it(host: Host, certs: Path) -> None:
    (certs / "old").mkdir()
    (certs / "old/site.crt").write_text("old")
    look(host)
    (host.target.parent / "ssl/theirs").write_text("somebody else's")
    assert "old/site.crt" in files(host)
    (certs / "old/site.crt").unlink()
    (certs / "old").rmdir()
    assert look(host) is State.IN_STEP
    assert sorted(files(host)) == ["site.crt", "site.key", "theirs"]
    assert not (host.target.parent / "ssl/old").exists()


def test_folders_that_are_closed_at_the_source_are_closed(host: Host, certs: Path) -> None:
    (certs / "a/b").mkdir(parents=True)
    (certs / "a").chmod(0o777)
    (certs / "a/b").chmod(0o770)
    (certs / "a/b/x").write_text("x")
    look(host)
    top = host.target.parent / "ssl"
    assert [f"{(top / each).stat().st_mode & 0o777:o}" for each in (".", "a", "a/b")] == ["755", "755", "700"]


def test_a_rotation_is_one_change(host: Host, certs: Path) -> None:
    look(host)
    restarts = host.restarts
    (certs / "site.crt").write_text(CERT.replace("bm90", "bmV3"))
    (certs / "site.key").write_text(KEY.replace("bm90", "bmV3"))
    assert look(host) is State.IN_STEP
    assert all("bmV3" in text for _, text in files(host).values())
    assert host.restarts == restarts + 1


def test_an_empty_source_is_waited_for_and_takes_nothing_away(host: Host, certs: Path) -> None:
    look(host)
    for file in certs.iterdir():
        file.unlink()
    status = host.look()
    assert status.state is State.WAITING
    assert status.trouble is not None
    assert status.trouble.reason is Reason.FILE_ABSENT
    assert sorted(files(host)) == ["site.crt", "site.key"]


def test_an_uninstall_leaves_what_was_there_before(host: Host, certs: Path) -> None:
    (host.target.parent / "ssl").mkdir()
    (host.target.parent / "ssl/site.crt").write_text("before")
    (certs / "sub").mkdir()
    (certs / "sub/x").write_text("x")
    look(host)
    host.reconciler.hold("app", 0)
    look(host)
    assert files(host) == {"site.crt": ("644", "before")}
    assert [path.name for path in (host.target.parent / "ssl").iterdir()] == ["site.crt"]


def test_a_key_is_never_readable_by_others_at_any_step(
    host: Host, certs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[int] = set()

    def note() -> None:
        for path in (host.target.parent / "ssl").rglob("*site.key*"):
            seen.add(path.lstat().st_mode & 0o077)

    def watch(name: str) -> None:
        step = getattr(os, name)

        def noted(*arguments: object, **keywords: object) -> object:
            note()
            result = step(*arguments, **keywords)
            note()
            return result

        monkeypatch.setattr(os, name, noted)

    for name in ("open", "fchown", "fchmod", "fsync", "replace", "link", "unlink", "setxattr"):
        watch(name)
    (certs / "site.key").chmod(0o666)
    look(host)
    (certs / "site.key").write_text(KEY * 2)
    look(host)
    assert seen == {0}


def test_nothing_of_it_is_kept_in_the_clear_or_shown(
    host: Host, certs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    assert "not shown" in host.reconciler.preview("app").files[0].diff
    look(host)
    host.stop()
    stored = b"".join(path.read_bytes() for path in host.folder.glob("state*"))
    assert b"PRIVATE KEY" not in stored
    assert "PRIVATE KEY" not in caplog.text
    host.start()


def test_every_name_of_the_source_and_the_target_is_watched(host: Host, certs: Path) -> None:
    (certs / "sub").mkdir()
    (certs / "sub/x").write_text("x")
    look(host)
    watched = host.watched["app"]
    assert {certs / "*", certs / "sub/*", host.target.parent / "ssl/site.key"} <= watched
