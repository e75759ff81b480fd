"""Migrations: brings a database to the version that this program needs."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from data.store.engine import open_engine


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database at `url` to the newest version; run once, before worker and dashboard start."""
    config = _config()
    engine = open_engine(url)
    with engine.connect().execution_options(schoolwatch_writes=True) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()
    engine.dispose()


def known() -> tuple[str, ...]:
    """Return the versions of the database that this program can bring up to date, oldest first."""
    return tuple(sorted(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()))
