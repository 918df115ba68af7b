"""What ``doctor`` looks at itself when the agent is down: the state file may be why."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from portreeve.cli.findings import Finding, fail, ok
from portreeve.paths import Paths
from portreeve.reconcile.database import SCHEMA_VERSION
from portreeve.reconcile.kept import way_back
from portreeve.reconcile.schema_version import stored_version


def state_file(paths: Paths) -> Iterator[Finding]:
    """The state file is whole and of a version that is known; nothing is said where there is none to be read.

    While the agent runs, whatever is wrong with the file shows in its syncs.
    """
    path = paths.database
    try:
        path.stat()
    except OSError:
        return
    try:
        version = stored_version(path)
        if version > SCHEMA_VERSION:
            what = f"{path} was written by a newer portreeve: its schema is {version}"
            yield fail("state file", what, way_back(path, version, SCHEMA_VERSION))
            return
        # Without a log there is nothing to take in, and SQLite would leave an empty one beside the file.
        how = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "mode=ro&immutable=1"
        with closing(sqlite3.connect(f"{path.as_uri()}?{how}", uri=True)) as file:
            damage = file.execute("PRAGMA quick_check(1)").fetchone()[0]
    except (sqlite3.DatabaseError, OSError) as error:
        damage = str(error)
    if damage != "ok":
        remedy = f"mv {path} {path}.damaged: the files in force stay, their history is lost"
        yield fail("state file", f"{path}: {damage}", remedy)
    else:
        yield ok("state file", str(path))
