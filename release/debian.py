"""The Debian packages of a release, each built in a throw-away system of its own release."""

import shutil
from pathlib import Path

from host.lab import base
from host.lab.bare import BareRoot
from host.lab.errors import CommandError
from host.lab.nspawn import Snapshot
from host.lab.run import Run
from release.errors import BuildError
from release.program import environment

RELEASES = base.RELEASES
BUILD_FOLDER = "/build"


def build(
    run: Run,
    codename: str,
    source: Path,
    wheelhouse: Path,
    into: Path,
    epoch: int,
    folder: str = BUILD_FOLDER,
) -> Path:
    """Build the package for one release of Debian.

    The system is made by debootstrap once and kept; a build goes to a layer that is thrown away, without a
    network.

    Args:
        run: what the machine belongs to.
        codename: one of :data:`RELEASES`.
        source: a copy of the sources.
        wheelhouse: the locked wheels and the project's own.
        into: an existing folder that gets the package.
        epoch: the time that it bears, in seconds since 1970.
        folder: where in that system it is built.

    Returns:
        The package.

    Raises:
        BuildError: dpkg-buildpackage failed; has what it said.
    """
    same = environment(epoch)
    given = {name: same[name] for name in ("LC_ALL", "TZ", "SOURCE_DATE_EPOCH")}
    command = f"umask 022; cd {folder}/portreeve && exec unshare --net dpkg-buildpackage -b -us -uc"
    try:
        with BareRoot(run, Snapshot((base.packager(codename),)), "release") as root:
            root.copy_in(source, f"{folder}/portreeve")
            root.copy_in(wheelhouse, f"{folder}/wheelhouse")
            root.run("sh", "-ec", command, timeout=900, env={**given, "WHEELHOUSE": f"{folder}/wheelhouse"})
            built = Path(f"/proc/{root.leader}/root{folder}")
            (package,) = built.glob("portreeve_*.deb")
            return Path(shutil.copyfile(package, into / package.name))
    except CommandError as error:
        raise BuildError(f"the package for {codename} could not be built: {error}") from error
