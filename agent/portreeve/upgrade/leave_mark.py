"""What every hook does first: leave a mark, with what the package has now and had before."""

import os
from collections.abc import Mapping

from portreeve.boot import boot_id
from portreeve.clock import SYSTEM_CLOCK, Clock
from portreeve.errors import Failed
from portreeve.paths import Paths
from portreeve.upgrade.mark import HELD, Event, Mark, following
from portreeve.upgrade.marks import Marks
from portreeve.upgrade.owned_files import OwnedFiles, owned_files


def leave_mark(
    paths: Paths,
    event: Event,
    package: str,
    version: str,
    *,
    timeout: float,
    environment: Mapping[str, str] = os.environ,
    clock: Clock = SYSTEM_CLOCK,
) -> Mark:
    """Write the mark of a package.

    Where the package's files cannot be told in time, there is one for files of any package besides.

    Args:
        paths: of the system that the package is installed on.
        event: what happens to it.
        package: empty for files of any package.
        version: as the script told it; may be empty.
        timeout: seconds for asking which files the package has.
        environment: of the maintainer script, for ``DPKG_ADMINDIR`` (dpkg(1)).
        clock: for its times.

    Raises:
        Refused: ``permission``; not root.
        Failed: ``write-failed``; the disk is full or read-only.
    """
    marks, now = Marks(paths.pending), clock.wall()
    files = OwnedFiles()
    if package:
        database = environment.get("DPKG_ADMINDIR", "")
        files = owned_files(package, root=paths.root, admin_folder=database, timeout=timeout)
    until = now + HELD if event.before else now
    mark = Mark(package, event, version, files.units, files.paths, since=now, until=until, boot=boot_id())
    try:
        former = marks.get(package)
    except Failed:
        # It is damaged, and what takes its place is not.
        former = None
    mark = following(former, mark)
    if not files.known and not event.before:
        # A host that is slow just now must not have it that nothing is touched: everything is proved then.
        marks.put(Mark("", Event.TRIGGERED, since=now, until=now, boot=mark.boot))
    marks.put(mark)
    return mark
