"""The command: look whether a release can be made, build it, and put it in place as a whole or compare it."""

import argparse
import hashlib
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from host.lab.errors import LabError
from portreeve.errors import ExitCode
from release import changelog, checkout, difference, distributions, lock, readiness, sbom, version, wheel
from release.errors import BuildError, ReleaseRefusedError

TOP = Path(__file__).resolve().parent.parent
SUMS = "SHA256SUMS"

_EPILOG = """\
exit codes:
  0 done, 1 failed (with --verify also: not the same), 2 usage, 5 refused: nothing was built

example:
  git tag -s v0.1.0 && sudo ./release/build
"""


def main(argv: Sequence[str]) -> int:
    """Run it; the exit code is that of every portreeve command."""
    given = _arguments(argv)
    # Nothing that the caller's umask takes away may be missing in an artefact.
    os.umask(0o022)
    try:
        return _run(given)
    except ReleaseRefusedError as error:
        _say("release: refused, nothing was built:", *(f"  - {problem}" for problem in error.problems))
        return ExitCode.REFUSED
    except (BuildError, LabError) as error:
        _say(f"release: {error}")
        return ExitCode.FAILED


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="release/build",
        description="Builds a release: wheel, source archive, Debian packages, SBOM, checksums.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--snapshot", action="store_true", help="build this tree as it is, with a version of its own"
    )
    parser.add_argument("--no-debs", action="store_true", help="leave the Debian packages out; needs no root")
    parser.add_argument("--output", type=Path, default=TOP / "dist", help="where it goes (default: dist)")
    parser.add_argument(
        "--verify", type=Path, metavar="DIR", help="build again, and tell what differs from DIR"
    )
    return parser.parse_args(argv)


def _run(given: argparse.Namespace) -> int:
    problems = _of_machine(given)
    if not given.snapshot and (TOP / ".git").exists():
        problems += readiness.problems(facts(TOP))
    if problems:
        raise ReleaseRefusedError(problems)
    epoch = checkout.epoch(TOP)
    with tempfile.TemporaryDirectory(prefix="portreeve-release-") as scratch:
        built = Path(scratch) / "built"
        build(TOP, Path(scratch), epoch, snapshot=given.snapshot, debs=not given.no_debs)
        if given.verify:
            return _compare(given.verify, built)
        shutil.copytree(built, given.output, dirs_exist_ok=True)
    _say(*(f"release: {path}" for path in sorted(given.output.iterdir())))
    return ExitCode.DONE


def facts(top: Path) -> readiness.Facts:
    """What decides whether a checkout can be released."""
    return readiness.Facts(
        version.of(top),
        version.repeated(top),
        changelog.parse((top / "CHANGELOG.md").read_text()),
        checkout.changed(top),
        checkout.tags(top),
    )


def _of_machine(given: argparse.Namespace) -> list[str]:
    problems = []
    if not (TOP / ".git").exists():
        problems.append(f"{TOP} is no git checkout: what a release is made of is what git has")
    if not given.verify and given.output.exists() and any(given.output.iterdir()):
        problems.append(f"{given.output} is not empty: remove what is in it, or name another by --output")
    if given.verify and not (given.verify / SUMS).is_file():
        problems.append(f"{given.verify} has no {SUMS}: nothing to compare with")
    if not given.no_debs:
        if os.geteuid() != 0:
            problems.append(
                "Debian packages are built in throw-away systems, which needs root: sudo, or --no-debs"
            )
        if platform.freedesktop_os_release()["ID"] != "debian":
            problems.append(
                "Debian packages are built from this machine's Debian archives: a Debian, or --no-debs"
            )
    return problems


def build(top: Path, scratch: Path, epoch: int, *, snapshot: bool, debs: bool) -> None:
    """Build everything into the folder ``built`` of a scratch folder.

    Args:
        top: the checkout.
        scratch: an existing folder.
        epoch: the time that everything bears, in seconds since 1970.
        snapshot: give it a version of its own.
        debs: build Debian packages too.

    Raises:
        BuildError: a step failed.
    """
    # What boots systems is loaded only by who needs one.
    from host.lab import wheel as wheels

    source, built, wheelhouse = scratch / "source", scratch / "built", scratch / "wheelhouse"
    built.mkdir()
    checkout.export(top, source, epoch)
    if snapshot:
        version.rewrite(source, version.snapshot(version.of(source), epoch), epoch)
        checkout.settle(source, epoch)
    _say("release: the source archive and the wheel")
    distributions.build(source, built, epoch)
    shutil.copytree(wheels.dependencies(source / "requirements.lock"), wheelhouse)
    inside = [wheel.read(file) for file in sorted(wheelhouse.glob("*.whl"))]
    (program,) = built.glob("*.whl")
    shutil.copy2(program, wheelhouse)
    if debs:
        _debian_packages(source, wheelhouse, built, epoch)
    pinned = lock.parse((source / "requirements.lock").read_text())
    text = sbom.compose(wheel.read(program), epoch, pinned, inside)
    (built / f"portreeve-{version.of(source)}.cdx.json").write_text(text)
    (built / SUMS).write_text(sums(built))


def _debian_packages(source: Path, wheelhouse: Path, built: Path, epoch: int) -> None:
    from host.lab.run import Run
    from release import debian

    run = Run()
    try:
        for codename in debian.RELEASES:
            _say(f"release: the package for {codename}")
            debian.build(run, codename, source, wheelhouse, built, epoch)
    finally:
        run.close()


def sums(folder: Path) -> str:
    """The checksums of a folder's files, as ``sha256sum --check`` reads them."""
    files = sorted(file for file in folder.iterdir() if file.name != SUMS)
    return "".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)


def _compare(former: Path, built: Path) -> int:
    differences = difference.between(former, built)
    if differences:
        _say(f"release: this build (second) is not the same as {former} (first):", *differences)
        return ExitCode.FAILED
    _say(f"release: the same bytes as {former}")
    return ExitCode.DONE


def _say(*lines: str) -> None:
    sys.stderr.write("".join(f"{line}\n" for line in lines))
