"""What ``doctor`` looks at itself when the agent is down: the state file may be why."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from portreeve.cli.findings import Finding, fail, ok
from portreeve.paths import Paths
from portreeve.reconcile.database import SCHEMA_VERSION


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
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as file:
            version = int(file.execute("PRAGMA user_version").fetchone()[0])
            damage = file.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        version, damage = 0, str(error)
    if damage != "ok":
        remedy = f"mv {path} {path}.damaged: the files in force stay, their history is lost"
        yield fail("state file", f"{path}: {damage}", remedy)
    elif version > SCHEMA_VERSION:
        what = f"{path} was written by a newer portreeve: its schema is {version}"
        yield fail("state file", what, f"install that version again; this one knows schema {SCHEMA_VERSION}")
    else:
        yield ok("state file", str(path))
