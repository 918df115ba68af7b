import os
from pathlib import Path

import pytest

from portreeve.definitions.locations import HostFile
from unit.definitions.folders import GOOD_SYNC, Host


def test_the_first_folder_that_has_a_name_wins(host: Host) -> None:
    host.write(host.vendor / "syncs.d/app.toml", GOOD_SYNC.replace("/etc/app.conf", "/etc/vendor.conf"))
    host.sync(GOOD_SYNC)
    assert host.load().syncs["app"].targets[0].place == HostFile(Path("/etc/app.conf"))


@pytest.mark.parametrize("mask", ["link", "empty"])
def test_a_link_to_dev_null_or_an_empty_file_masks(host: Host, mask: str) -> None:
    host.write(host.vendor / "syncs.d/app.toml", GOOD_SYNC)
    file = host.write(host.etc / "syncs.d/app.toml", "")
    if mask == "link":
        file.unlink()
        file.symlink_to("/dev/null")
    found = host.load()
    assert (dict(found.syncs), dict(found.broken), found.problems) == ({}, {}, ())


def test_drop_ins_of_all_folders_amend_in_the_order_of_their_names(host: Host) -> None:
    host.write(host.vendor / "syncs.d/app.toml", GOOD_SYNC)
    host.write(host.etc / "syncs.d/app.toml.d/10-first.toml", 'description = "first"\ndeadline = "1s"\n')
    host.write(host.vendor / "syncs.d/app.toml.d/20-second.toml", 'description = "second"\n')
    sync = host.load().syncs["app"]
    assert (sync.description, sync.deadline) == ("second", 1.0)
    assert [file.name for file in sync.origin] == ["app.toml", "10-first.toml", "20-second.toml"]


def test_of_drop_ins_with_the_same_name_the_first_folder_wins(host: Host) -> None:
    host.sync(GOOD_SYNC)
    host.write(host.etc / "syncs.d/app.toml.d/10.toml", 'deadline = "1s"\n')
    host.write(host.vendor / "syncs.d/app.toml.d/10.toml", 'deadline = "2s"\n')
    assert host.load().syncs["app"].deadline == 1.0


def test_a_masked_drop_in_masks_the_one_of_the_vendor(host: Host) -> None:
    host.sync(GOOD_SYNC)
    host.write(host.vendor / "syncs.d/app.toml.d/10.toml", 'deadline = "2s"\n')
    (host.etc / "syncs.d/app.toml.d").mkdir()
    (host.etc / "syncs.d/app.toml.d/10.toml").symlink_to("/dev/null")
    assert host.load().syncs["app"].deadline == 300.0


def test_one_key_of_a_value_can_be_amended(host: Host) -> None:
    host.sync(GOOD_SYNC)
    host.write(host.etc / "syncs.d/app.toml.d/10.toml", "[values.port]\ndefault = 8080\n")
    value = host.load().syncs["app"].values["port"]
    assert (value.default, value.key) == (8080, ("web", "port"))


def test_a_mistake_in_a_drop_in_is_shown_there(host: Host) -> None:
    host.sync(GOOD_SYNC)
    drop_in = host.write(host.etc / "syncs.d/app.toml.d/10.toml", "\n[values.port]\ndefault = 0\n")
    (problem,) = host.load().problems
    assert (problem.file, problem.line) == (drop_in, 3)


def test_drop_ins_without_a_definition_are_told(host: Host) -> None:
    host.sync(GOOD_SYNC)
    host.write(host.etc / "syncs.d/ap.toml.d/10.toml", 'deadline = "1s"\n')
    (problem,) = host.load().problems
    assert "does not exist" in problem.message
    assert problem.hint == "did you mean `app`?"


def test_a_name_that_cannot_be_a_unit_instance_is_refused(host: Host) -> None:
    host.sync(GOOD_SYNC, name="My App")
    found = host.load()
    assert not found.syncs
    assert "cannot be the name" in found.problems[0].message


def test_hidden_and_other_files_are_not_definitions(host: Host) -> None:
    for name in (".app.toml", "README", "app.toml.dpkg-old", "app.toml~"):
        host.write(host.etc / "syncs.d" / name, "nonsense")
    assert host.load().problems == ()


def test_what_cannot_be_read_is_a_problem_and_nothing_blocks(host: Host) -> None:
    folder = host.sync(GOOD_SYNC).parent
    (folder / "dangling.toml").symlink_to("/nowhere")
    (folder / "folder.toml").mkdir()
    os.mkfifo(folder / "pipe.toml")
    (folder / "latin.toml").write_bytes(b'\ndescription = "\xe9"\n')
    found = host.load()
    assert set(found.syncs) == {"app"}
    assert set(found.broken) == {f"syncs.d/{name}" for name in ("dangling", "folder", "pipe", "latin")}
    assert {problem.line for problem in found.problems} == {0, 2}


def test_a_watcher_is_told_of_folders_that_do_not_exist_yet(host: Host) -> None:
    host.write(host.vendor / "syncs.d/app.toml", GOOD_SYNC)
    files = set(host.load().files)
    for folder in host.paths.search:
        assert {folder / "portreeve.toml", folder / "portreeve.toml.d", folder / "templates"} <= files
        assert {folder / "syncs.d", folder / "services.d"} <= files
    assert {host.vendor / "syncs.d/app.toml", host.etc / "templates/app.j2"} <= files
