"""What every test may ask for: a clock that stands still, a real store on a fresh SQLite file."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psycopg
import pytest

from data.clock import FixedClock
from data.migrations import upgrade
from data.store import Store
from evidence.detect import find_browser


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the stories, which last longest: where files are shared out among processes, none is left to wait for one at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/stories/"))


@pytest.fixture
def clock() -> FixedClock:
    """Friday 20 November 2026, 09:00 UTC, until a test moves it."""
    return FixedClock()


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file, made once a session."""
    path = tmp_path_factory.mktemp("template") / "app.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def database_url(empty_database: Path, tmp_path: Path) -> str:
    """The address of this test's own copy of the empty database."""
    path = tmp_path / "app.db"
    shutil.copy(empty_database, path)
    return f"sqlite:///{path}"


@pytest.fixture
def store(database_url: str, clock: FixedClock) -> Iterator[Store]:
    """A real store of this test's own."""
    opened = Store.open(database_url, clock)
    yield opened
    opened.close()


def missing(what: str, how: str) -> None:
    """Skip with a reason where a component is absent; fail where SCHOOLWATCH_REQUIRE says that it must be there (CI)."""
    reason = f"{what} is not on this machine: {how}"
    if what in os.environ.get("SCHOOLWATCH_REQUIRE", "").split(","):
        pytest.fail(reason)
    pytest.skip(reason)


def _postgres_programs() -> Path | None:
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    return next(iter(homes), Path(on_path).parent if on_path else None)


def _as_ordinary_user() -> list[str]:
    """`initdb` refuses to run as root: then the programs are started as `postgres`."""
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL server of this test run's own, on a free loopback port; yields the address up to the database's name."""
    programs = _postgres_programs()
    if programs is None:
        missing("postgres", "install Debian's `postgresql`")
        return
    with tempfile.TemporaryDirectory(prefix="schoolwatch-pg-") as home, socket.socket() as probe:
        Path(home).chmod(0o777)
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        user, folder = _as_ordinary_user(), f"{home}/cluster"
        subprocess.run(
            [*user, programs / "initdb", "-D", folder, "-U", "school", "-A", "trust", "-E", "UTF8", "--no-sync"],
            check=True,
            capture_output=True,
        )
        options = f"-p {port} -h 127.0.0.1 -k '' -c fsync=off -c max_connections=60"
        server = [*user, programs / "pg_ctl", "-D", folder, "-w", "-l", f"{home}/log"]
        subprocess.run([*server, "-o", options, "start"], check=True, capture_output=True)
        yield f"postgresql+psycopg://school@127.0.0.1:{port}/"
        subprocess.run([*server, "-m", "immediate", "stop"], check=True, capture_output=True)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    """A migrated, empty database to copy from."""
    with psycopg.connect(postgres_server.replace("+psycopg", "") + "postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE schoolwatch_empty")
    upgrade(postgres_server + "schoolwatch_empty")
    return postgres_server


@pytest.fixture
def postgres_url(postgres_template: str) -> Iterator[str]:
    """The address of this test's own copy of the empty database on PostgreSQL."""
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(postgres_template.replace("+psycopg", "") + "postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE schoolwatch_empty")
        yield postgres_template + name
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def browser_path() -> str:
    """Where this machine's Chromium, Chrome or Edge lies."""
    found = find_browser()
    if found is None:
        missing("chromium", "install Debian's `chromium`")
    return found.path if found else ""


@pytest.fixture(scope="session")
def words_of() -> Callable[..., str]:
    """What takes the words out of a PDF as a reader's program does, all on one line; how, is said by pdftotext's own options."""
    program = shutil.which("pdftotext")
    if program is None:
        missing("pdftotext", "install Debian's `poppler-utils`")

    def words(paper: bytes, how: Sequence[str] = ("-raw",)) -> str:
        done = subprocess.run([program or "", *how, "-", "-"], input=paper, check=True, capture_output=True)
        return " ".join(done.stdout.decode().split())

    return words
