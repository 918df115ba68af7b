"""The Python packages of a release: the source archive, and the wheel that is built from it."""

import sys
import tempfile
from pathlib import Path

from release import checkout
from release.program import environment, output


def build(source: Path, into: Path, epoch: int) -> None:
    """Build the source archive, and from what is in that the wheel: so it is seen to be complete.

    Args:
        source: a copy of the sources, as :func:`release.checkout.export` makes it.
        into: an existing folder that gets both.
        epoch: the time that they bear, in seconds since 1970.

    Raises:
        BuildError: hatchling could not build; has what it said.
    """
    _hatchling("sdist", source, into, epoch)
    (archive,) = into.glob("portreeve-*.tar.gz")
    with tempfile.TemporaryDirectory(prefix="portreeve-sdist-") as scratch:
        _hatchling("wheel", checkout.unpack(archive, Path(scratch)), into, epoch)


def _hatchling(kind: str, source: Path, into: Path, epoch: int) -> None:
    # -I: nothing is imported from the folder that is built.
    command = (sys.executable, "-I", "-m", "hatchling", "build")
    output(*command, "-t", kind, "-d", str(into.resolve()), cwd=source, env=environment(epoch))
