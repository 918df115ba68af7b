"""Reading templates."""

import threading
from pathlib import Path

import pytest

from portreeve.errors import Reason, Waiting
from portreeve.reconcile.templates import LIMIT, read_template


def test_a_template_that_is_being_written_is_waited_for(tmp_path: Path) -> None:
    template = tmp_path / "a.j2"
    template.write_text("old\n")
    with template.open("w") as file:

        def go_on() -> None:
            file.write("new\n")
            file.close()

        # Truncated now; the writer goes on while the reader waits.
        writer = threading.Timer(0.1, go_on)
        writer.start()
        assert read_template(template) == "new\n"
        writer.join()


def test_a_huge_template_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "a.j2").open("wb") as file:
        file.truncate(LIMIT + 1)
    with pytest.raises(Waiting) as caught:
        read_template(tmp_path / "a.j2")
    assert caught.value.reason is Reason.FILE_TOO_LARGE
