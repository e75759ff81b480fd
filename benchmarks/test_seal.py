"""What a seal and its check cost, beside the bare SHA-256 of the same 20 MB, taking turns in the same run.

Run with `pytest benchmarks/test_seal.py --benchmark-only -s -q`. The best of each counts. The peer is `sha256sum`, as anybody would run it;
where the processor has its own instructions for SHA-256, OpenSSL's is several times faster, and is shown beside it, as are the SHA-256 and
SHA-512 that a seal and a bag ask for. Sealing reckons both for every file and writes them to the disk for good (fsync); `verify` reads the
pack and reckons both again, with the ZIP's own sums.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

from pytest_benchmark.fixture import BenchmarkFixture

from evidence.invented import WHEN, Workshop
from evidence.verify import Colour, verify

SIZE, FILES, TURNS = 20_000_000, 10, 9
MOST = 3.0  # times `sha256sum`: seal and verify together (evidence.md §9, row 7)
MOST_SEAL = 7.0  # times `sha256sum`: half a second where that takes 70 ms, as on the machine of evidence.md §6


def _took(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _hashed(path: Path, *algorithms: str) -> list[str]:
    content = path.read_bytes()
    return [hashlib.new(name, content).hexdigest() for name in algorithms]


def test_a_seal_costs_little_more_than_a_hash(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """Sealing 20 MB and checking them, against the bare hashes of the same bytes: the ratios are printed and held."""
    content = {f"page-full-{number:02}.png": os.urandom(SIZE // FILES) for number in range(FILES)}
    bare = tmp_path / "bare.bin"
    bare.write_bytes(b"".join(content.values()))
    workshop = Workshop(tmp_path)
    workshop.capture(more=content)
    pack = workshop.pack().path
    shops = iter([Workshop(tmp_path / str(turn)) for turn in range(TURNS)])
    works: dict[str, Callable[[], object]] = {
        "sha256sum": partial(subprocess.run, ["sha256sum", str(bare)], check=True, capture_output=True),
        "seal": lambda: next(shops).capture(at=WHEN + timedelta(days=1), more=content),
        "OpenSSL's SHA-256": partial(_hashed, bare, "sha256"),
        "verify": partial(verify, pack),
        "SHA-256 and SHA-512": partial(_hashed, bare, "sha256", "sha512"),
    }
    turns = [{what: _took(work) for what, work in works.items()} for _ in range(TURNS)]
    best = {what: min(turn[what] for turn in turns) for what in works}
    ratio = {what: found / best["sha256sum"] for what, found in best.items()}
    both, fast = ratio["seal"] + ratio["verify"], ratio["OpenSSL's SHA-256"]
    benchmark.extra_info.update(**{f"{what} ms": found * 1e3 for what, found in best.items()}, seal_and_verify=both)
    benchmark.pedantic(verify, args=(pack,), rounds=1)
    print("\nseal, 20 MB: " + ", ".join(f"{what} {best[what] * 1e3:.0f} ms ({ratio[what]:.1f} times)" for what in best))
    print(f"seal and verify: {both:.1f} times sha256sum (at most {MOST:g}), {both / fast:.1f} times OpenSSL's SHA-256")

    assert verify(pack).colour is Colour.AMBER
    assert ratio["seal"] <= MOST_SEAL
    assert both <= MOST
