from pathlib import Path

import pytest

from portreeve.definitions.settings import (
    AlertSettings,
    ContainersSettings,
    DockerSettings,
    PressureSettings,
    ReconcileSettings,
    Settings,
)
from unit.definitions.folders import Host


def test_without_a_file_everything_has_its_default(host: Host) -> None:
    assert host.load().settings == Settings()


def test_each_table_is_taken(host: Host) -> None:
    host.settings(
        '[docker]\nsocket = "/d.sock"\n[reconcile]\nkeep = 3\nresync = "1m"\n[log]\nlevel = "debug"\n'
    )
    assert host.load().settings == Settings(
        DockerSettings(Path("/d.sock")), ReconcileSettings(keep=3, resync=60.0), "DEBUG"
    )


def test_drop_ins_work_without_a_main_file(host: Host) -> None:
    host.write(host.vendor / "portreeve.toml.d/10.toml", "[reconcile]\nworkers = 2\n")
    assert host.load().settings.reconcile.workers == 2


def test_a_bad_key_has_its_default_and_the_good_ones_stay(host: Host) -> None:
    host.settings('[docker]\ntimeout = 5\nsokcet = "/x"\n[reconcile]\nworkers = 0\nkeep = 3\n')
    found = host.load()
    assert found.settings == Settings(reconcile=ReconcileSettings(keep=3))
    assert [problem.line for problem in found.problems] == [2, 3, 5]
    assert found.broken == {}


def test_the_tables_of_containers_are_taken(host: Host) -> None:
    host.settings(
        """\
[containers]
parallel_starts = 2
deadline = "2m"
[alerts]
command = ["/usr/bin/tell", "admin"]
webhook = "https://alerts.example/hook/token"
timeout = "3s"
retries = 0
[pressure]
memory_available = 2.5
memory_stall = false
io_stall = 30
cpu_stall = 90
disk_free = false
"""
    )
    found = host.load()
    assert found.problems == ()
    assert found.settings == Settings(
        containers=ContainersSettings(2, 120.0),
        alerts=AlertSettings(("/usr/bin/tell", "admin"), "https://alerts.example/hook/token", 3.0, 0),
        pressure=PressureSettings(2.5, None, 30.0, 90.0, None),
    )


@pytest.mark.parametrize(
    "line",
    [
        'webhook = "ftp://user:secret@alerts.example/"',
        'webhook = "https://"',
        'webhook = "https://user:secret@a:port/"',
        'webhook = "https://a/{{ secret }}"',
        'webhook = "https://a/secret path"',
        'webhook = "https://a/sécret"',
        'webhook = "https://a/secret"x',
        'webhook = "https://user:secret@a/"',
        'webhook = ["https://a/secret"]',
    ],
)
def test_a_mistake_in_a_webhook_is_told_without_its_address(host: Host, line: str) -> None:
    file = host.settings(f"[alerts]\n{line}\n")
    found = host.load()
    (problem,) = found.problems
    assert (found.settings, problem.file, problem.line) == (Settings(), file, 2)
    assert problem.text == "webhook = …"
    assert not any(word in problem.render() for word in ("secret", "sécret", "port/", "user:"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[containers]\nparallel_starts = 0", 'from 1 to 1000, or "auto"'),
        ("[containers]\nparallel_starts = true", 'from 1 to 1000, or "auto"'),
        ("[containers]\ndeadline = 5", "must be a duration with its unit"),
        ('[alerts]\ncommand = "tell"', "must be a list"),
        ("[alerts]\nretries = -1", "`retries` must be at least 0"),
        ("[pressure]\ndisk_free = 0", "must be per cent, a number between 0 and 100, or false"),
        ("[pressure]\ndisk_free = 100", "must be per cent"),
        ("[pressure]\nmemory_stall = true", "must be per cent"),
        ("[pressure]\nmemory_stall = nan", "must be per cent"),
        ("[pressure]\nmemory_stal = 1", "unknown key `memory_stal`"),
        ('[reconcile]\nbackoff_min = "40s"', "`backoff_min` (40s) is longer than `backoff_max` (30s)"),
        ('[docker]\nsocket = "unix:///run/docker.sock"', "`socket` must be a path"),
        ('[log]\nlevel = "loud"', "`level` must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL"),
        ("docker = 1", "`docker` must be a table"),
        ("[reconcile]\nkeep = 1.5", "`keep` must be a whole number"),
        ("nonsense", "not valid TOML"),
    ],
)
def test_a_mistake_leaves_the_defaults(host: Host, text: str, message: str) -> None:
    host.settings(text)
    found = host.load()
    assert found.settings == Settings()
    assert message in found.problems[0].message


def test_an_address_under_a_misspelt_key_or_in_a_drop_in_is_not_shown_either(host: Host) -> None:
    host.settings('[alerts]\nwebhok = "https://a/secret"\n')
    host.write(host.etc / "portreeve.toml.d/10.toml", 'alerts = { webhook = "http://a/secret", xy = 1 }')
    rendered = [problem.render() for problem in host.load().problems]
    assert len(rendered) == 2
    assert not any("secret" in text for text in rendered)


def test_the_settings_as_text_have_no_address_of_a_webhook() -> None:
    assert "secret" not in repr(Settings(alerts=AlertSettings(webhook="https://a/secret")))
