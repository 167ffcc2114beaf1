"""Items done by actors: lost ones are replaced, and no more is given out than is being done."""

import builtins
from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from speechgan.cluster.connection import Cluster
from speechgan.cluster.items import run_items
from speechgan.cluster.pool import DEPTH, Loss, Needs, Pool

pytestmark = pytest.mark.usefixtures("ray_here")
# Workers cannot import this file: an item is an expression.
START = partial(getattr, builtins, "eval")
DIE = "__import__('os')._exit(1)"


class Watched(Sequence[str]):
    """Items that count how often they are taken."""

    def __init__(self, items: list[str]) -> None:
        self.items, self.taken = items, 0

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, number: Any) -> Any:
        self.taken += 1
        return self.items[number]


def test_an_item_that_kills_is_tried_twice_and_takes_no_other_with_it() -> None:
    lost: list[int] = []
    pool = Pool(START, Needs(2), lambda number, loss: lost.append(number))
    found = dict(pool.run([DIE, *(f"{n} * {n}" for n in range(1, 12)), DIE]))
    assert {number: found[number] for number in range(1, 12)} == {n: n * n for n in range(1, 12)}
    assert isinstance(found[0], Loss)
    assert isinstance(found[12], Loss)
    assert "was killed" in str(found[0])
    assert lost.count(0) == lost.count(12) == 2


def test_few_items_are_on_their_way_at_a_time_and_a_defect_ends_all() -> None:
    items = Watched([*["1"] * 39, "1 / 0"])
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        for done, _ in enumerate(Pool(START, Needs(2)).run(items)):
            assert items.taken - done <= 2 * DEPTH
    assert items.taken == 40


def test_what_workers_fetch_goes_with_the_ray_that_was_started_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = nullcontext(Cluster(str(tmp_path), {}))
    monkeypatch.setattr("speechgan.cluster.items.connect", lambda address, cpus: cluster)
    found = dict(run_items("local", 1, START, ["__import__('tempfile').gettempdir()"]))
    assert found == {0: str(tmp_path)}


def test_an_item_whose_worker_was_lost_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster = nullcontext(Cluster(None, {}))
    monkeypatch.setattr("speechgan.cluster.items.connect", lambda address, cpus: cluster)
    found = dict(run_items("local", 1, START, ["2 * 2", DIE]))
    assert found[0] == 4
    assert "twice" in str(found[1])
    assert capsys.readouterr().err.count("speechgan: item 2 of 2: its worker ") == 2
