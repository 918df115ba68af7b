"""install.sh as far as it can be judged without installing; the rest is tests/host/test_install.py."""

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
SCRIPT = CHECKOUT / "install.sh"
NOBODY = 65534


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(SCRIPT), *arguments], capture_output=True, text=True, timeout=60)


def functions(script: str, *arguments: str) -> str:
    """What some lines print that use the script's functions, which its last line would start."""
    prepared = f'source <(sed "\\$d" "{SCRIPT}")\n{script}'
    argv = ["bash", "-c", prepared, "bash", *arguments]
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=60).stdout


def test_help_names_every_command() -> None:
    shown = run("--help")
    assert shown.returncode == 0
    for command in ("install", "upgrade", "uninstall", "--demo", "wheelhouse", "--purge", "--sync"):
        assert f"  {command}" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("bogus",), "there is no bogus"),
        (("--wheelhouse",), "--wheelhouse needs a value"),
        (("--sync", ""), "--sync needs a value"),
        (("wheelhouse",), "wheelhouse needs the folder to fill"),
        (("--purge",), "--purge belongs to uninstall"),
        (("uninstall", "--sync", "cockpit"), "--sync, --profile and --form belong to install and upgrade"),
        (("install", "uninstall"), "install and uninstall are two commands"),
    ],
)
def test_misuse_is_told_before_anything_else(arguments: tuple[str, ...], complaint: str) -> None:
    refused = run(*arguments)
    assert refused.returncode == 2
    assert complaint in refused.stderr
    assert refused.stdout == ""


def test_a_download_that_was_cut_off_does_nothing() -> None:
    lines = SCRIPT.read_text().splitlines(keepends=True)
    assert lines[-1] == 'main "$@"\n'
    for end in range(0, len(lines), 7):
        text = "".join(lines[:end])
        cut = subprocess.run(["bash", "-s", "--", "--help"], input=text, capture_output=True, text=True)
        assert cut.stdout == "", f"cut after line {end}"


def test_without_root_it_is_refused_and_everything_that_is_missing_is_told() -> None:
    other = NOBODY if os.geteuid() == 0 else None
    refused = subprocess.run(
        ["bash", "-s", "--", "--wheelhouse", "/nonexistent"],
        input=SCRIPT.read_text(),
        capture_output=True,
        text=True,
        cwd="/",
        user=other,
        group=other,
        extra_groups=None if other is None else [],
    )
    assert refused.returncode == 5
    assert "nothing was changed" in refused.stderr
    assert "needs root" in refused.stderr
    assert "has no portreeve-VERSION-py3-none-any.whl" in refused.stderr


LOCK = """\
built==1.0 \\
    --hash=sha256:aaaa
    # via portreeve
ready-made==2.0 \\
    --hash=sha256:bbbb \\
    --hash=sha256:cccc
elsewhere==3.0 ; sys_platform == 'win32' \\
    --hash=sha256:dddd \\
    --hash=sha256:eeee
"""


def test_only_what_its_author_publishes_as_source_may_have_been_built_by_others(tmp_path: Path) -> None:
    (tmp_path / "requirements.lock").write_text(LOCK)
    for name in ("built-1.0", "ready_made-2.0"):
        (tmp_path / f"{name}-py3-none-any.whl").write_text(name)
    script = "LOCK=$1/requirements.lock WHEELHOUSE=$1; wheelhouse_lock"

    lock = functions(script, str(tmp_path))

    digest = hashlib.sha256(b"built-1.0").hexdigest()
    assert lock == LOCK.replace("built==1.0 \\\n", f"built==1.0 \\\n    --hash=sha256:{digest} \\\n", 1)


def test_what_a_wheelhouse_must_have_leaves_out_other_systems(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text(LOCK)
    assert functions('pinned "$1"', str(tmp_path / "lock")) == "built==1.0\nready-made==2.0\n"


def test_the_same_content_has_the_same_name_and_other_content_another(tmp_path: Path) -> None:
    wheel, lock = tmp_path / "portreeve-1.2-py3-none-any.whl", tmp_path / "requirements.lock"
    wheel.write_text("one")
    lock.write_text("two")

    def name() -> str:
        return functions("WHEEL=$1 LOCK=$2; fingerprint", str(wheel), str(lock))

    first = name()
    assert first.startswith("1.2-")
    assert name() == first
    wheel.write_text("other")
    second = name()
    lock.write_text("other")
    assert len({first, second, name()}) == 3


def test_the_name_of_a_checkout_is_that_of_its_files() -> None:
    script = "HERE=$1 LOCK=$1/requirements.lock; fingerprint"
    assert functions(script, str(CHECKOUT)) == functions(script, str(CHECKOUT))
