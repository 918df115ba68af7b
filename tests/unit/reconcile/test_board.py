"""Boards that share their changes, and who waits for any of them."""

import threading

from portreeve.reconcile.board import Board, Changes
from portreeve.reconcile.status import State, SyncStatus


def test_the_same_status_again_is_no_change() -> None:
    board = Board[SyncStatus]()
    board.post(SyncStatus("a"))
    number = board.changes.number
    board.post(SyncStatus("a"))
    assert board.changes.number == number
    board.post(SyncStatus("a", state=State.IN_STEP))
    assert board.changes.number == number + 1


def test_taking_down_what_is_not_there_is_no_change() -> None:
    board = Board[SyncStatus]()
    board.post(SyncStatus("a"))
    board.keep_only(["a", "b"])
    assert board.changes.number == 1
    board.keep_only(["b"])
    assert (board.changes.number, board.snapshot()) == (2, {})


def test_a_change_on_either_board_wakes_who_waits_for_both() -> None:
    changes = Changes()
    boards = Board[SyncStatus](changes), Board[SyncStatus](changes)
    for count, board in enumerate(boards, 1):
        poster = threading.Timer(0.05, board.post, [SyncStatus("a")])
        poster.start()
        assert changes.wait_for(since=count - 1, timeout=10) == count
        poster.join()
    assert [list(board.snapshot()) for board in boards] == [["a"], ["a"]]


def test_boards_that_share_nothing_have_changes_of_their_own() -> None:
    one, other = Board[SyncStatus](), Board[SyncStatus]()
    one.post(SyncStatus("a"))
    assert (one.changes.number, other.changes.number) == (1, 0)


def test_waiting_ends_with_the_deadline() -> None:
    assert Changes().wait_for(since=0, timeout=0.01) == 0


def test_closing_wakes_everybody_for_good() -> None:
    changes = Changes()
    closing = threading.Timer(0.05, changes.close)
    closing.start()
    assert changes.wait_for(since=0, timeout=10) == 0
    closing.join()
    assert changes.closed
    assert changes.wait_for(since=0, timeout=10) == 0


def test_every_change_is_told_while_it_can_still_be_read() -> None:
    seen = []
    changes = Changes(on_change=lambda: seen.append(board.snapshot()))
    board = Board[SyncStatus](changes)
    board.post(SyncStatus("a"))
    board.keep_only(())
    assert [list(statuses) for statuses in seen] == [["a"], []]
