"""Logs hold event words and ids, never a post or a person."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SAY = (
    "import structlog; from schoolwatch.logs import set_up_logs; set_up_logs(); log = structlog.get_logger(); "
    "log.info('polled', source='s1', text='a secret text', author='Ann', url='https://x.example/', password='hunter2 hunter2'); "
    "log.debug('quiet')"
)


def test_text_and_names_are_never_written() -> None:
    """A field that could hold a post's words, a name, an address or a password is left out, whoever logs it."""
    done = subprocess.run([sys.executable, "-c", SAY], capture_output=True, text=True, check=True, cwd=ROOT)

    assert "event='polled'" in done.stderr
    assert "source='s1'" in done.stderr
    assert done.stderr.count("(not logged)") == 4
    assert "quiet" not in done.stderr
    for secret in ("secret", "Ann", "x.example", "hunter2"):
        assert secret not in done.stderr
    assert done.stdout == ""
