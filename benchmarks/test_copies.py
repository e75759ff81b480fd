"""What it costs to ask whether a new post is a copy: with thousands of prints in the index against few, in the same run.

Run with `pytest benchmarks/test_copies.py --benchmark-only -s -q`. Both indexes take turns on fresh posts that are copies of the same item;
the best of each counts. Wanted: with a hundred times as many prints at most ten times the time, for at most twenty prints are compared.
"""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

from pytest_benchmark.fixture import BenchmarkFixture

from casework.reuploads import keys_of_item, print_of
from casework.service import Casework
from casework.testing import NOON, SCHOOL_ID, a_case, a_post, a_seen_post, a_user, an_item, fill
from data.clock import FixedClock
from data.migrations import upgrade
from data.model.people import Role
from data.store import Store

FEW, MANY, TURNS, MOST_TIMES = 80, 8_000, 15, 10
WORDS = "Mr Quillander took the trip money and told nobody, ask anyone whose child went to Fernley Green Primary School last summer"


def _room(folder: Path, prints: int) -> Casework:
    url = f"sqlite:///{folder / f'{prints}.db'}"
    upgrade(url)
    store = Store.open(url, FixedClock(NOON + timedelta(hours=1)))
    finding = fill(store, a_user(Role.DSL), text=WORDS)
    with store.begin("system") as work:
        work.cases.add(a_case(finding_id=finding.id))
        work.case_items.add(an_item(post_id=finding.post_id))
        for number in range(prints):
            text = f"{' '.join(str(number * 7 + step) for step in range(30))} at Fernley Green Primary School, said the town"
            made = print_of(an_item(id=f"x{number}"), a_post(text), school_id=SCHOOL_ID, now=NOON)
            made = made.model_copy(update={"address": f"a{number}"})
            work.prints.keep(made, keys_of_item(made))
        work.commit()
    room = Casework(store, FixedClock(NOON + timedelta(hours=1)))
    room.seek_copies([])
    return room


def _asked(room: Casework, number: int) -> float:
    seen = a_seen_post(WORDS, native_id=f"n{number}", permalink=f"https://forum.example.org/t/{number}", author_handle=f"b{number}")
    with room.store.begin("system") as work:
        kept = work.posts.keep([seen], source_id=None, seen_at=NOON)
        work.posts.mark_read([work.posts.get(kept.post_ids[0])])
        work.commit()
    begun = time.process_time()
    assert len(room.seek_copies([kept.post_ids[0]])) == 1
    return time.process_time() - begun


def test_a_hundred_times_the_prints_cost_little_more(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """The index keeps what is compared bounded: the ratio of both times is printed and held."""
    few, many = _room(tmp_path, FEW), _room(tmp_path, MANY)
    pairs = [(_asked(few, number), _asked(many, number)) for number in range(TURNS)]
    best = min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)
    ratio = best[1] / best[0]
    benchmark.extra_info.update(few_ms=best[0] * 1e3, many_ms=best[1] * 1e3, ratio=ratio)
    benchmark.pedantic(_asked, args=(many, TURNS), rounds=1)
    print(f"\ncopies: {FEW} prints {best[0] * 1e3:.1f} ms, {MANY} prints {best[1] * 1e3:.1f} ms, {ratio:.1f} times (at most {MOST_TIMES})")

    assert ratio <= MOST_TIMES
