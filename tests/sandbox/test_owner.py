from __future__ import annotations

import os

from doctest_nix.sandbox.owner import alive, me


def test_this_process_is_alive() -> None:
    assert alive(me())


def test_a_process_that_ended_is_dead(dead: str) -> None:
    assert not alive(dead)


def test_a_process_with_the_same_id_that_started_later_is_another() -> None:
    place, pid, started = me().split(" ")
    assert str(os.getpid()) == pid
    assert not alive(f"{place} {pid} {int(started) + 1}")


def test_processes_of_other_places_are_not_judged() -> None:
    _, pid, started = me().split(" ")
    assert alive(f"elsewhere {pid} {int(started) + 1}")


def test_a_mark_that_nobody_understands_is_not_judged() -> None:
    place = me().split(" ")[0]
    for mark in ("", "x", f"{place} x y", place):
        assert alive(mark)
