from pathlib import Path

import pytest

from portreeve.definitions.settings import DockerSettings, ReconcileSettings, Settings
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


@pytest.mark.parametrize(
    ("text", "message"),
    [
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
