"""For tests of the safe: an installation with sealed evidence, made without a browser and without a network, and its own backup key."""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from casework.testing import a_school, a_user, keep_case
from data.clock import Clock, SystemClock
from data.model.cases import Case
from data.model.evidence import CaptureOrder, Completeness, Evidence, OrderState, SafetyAnswer
from data.model.people import Role
from evidence.capture import evidence_id
from evidence.custody import CustodyDraft
from evidence.seal import LogLine
from schoolwatch.age_tar import new_pair
from schoolwatch.backup import lock_of, make
from schoolwatch.desk import Desk, build_desk, migrate
from schoolwatch.night import handle_key
from schoolwatch.settings import CONFIG_NAME, Settings, load_settings, write_settings


def an_installation(
    folder: Path, clock: Clock, *, database: str | None = None, template: Path | None = None, **settings: Any
) -> tuple[Desk, str]:
    """Return the desk of a fresh installation in `folder` and the secret half of its backup key.

    Beside its state folder lie `schoolwatch.toml` and the folder for backups; `database`: another than the file (migrated already).
    `template`: a migrated, empty database to begin with.
    """
    public, secret = new_pair()
    (folder / "backups").mkdir(parents=True)
    values = {"contact": "office@fernley.example", "backup_dir": str(folder / "backups"), "backup_recipient": public, **settings}
    write_settings(folder / CONFIG_NAME, values)
    loaded = settings_of(folder, database)
    if template is not None:
        loaded.state_dir.mkdir(mode=0o700)
        shutil.copy(template, loaded.state_dir / "app.db")
    migrate(loaded)
    handle_key(loaded.state_dir)
    desk = build_desk(loaded, clock)
    with desk.store.begin("system") as work:
        work.schools.add(a_school())
        work.users.add(a_user(Role.DSL))
        work.commit()
    return desk, secret


def settings_of(folder: Path, database: str | None = None) -> Settings:
    """Return the settings of the installation in `folder`."""
    loaded = load_settings(folder / CONFIG_NAME)
    return loaded.model_copy(update={"database": database}) if database else loaded


def with_settings(desk: Desk, **changes: Any) -> Desk:
    """Return the desk with other settings."""
    return replace(desk, settings=desk.settings.model_copy(update=changes))


def seal_one(desk: Desk, key: str, files: Mapping[str, bytes] | None = None, **case_fields: Any) -> Evidence:
    """Keep a case and sealed evidence of it, as the worker does; `files`: other than a short text of the key's own."""
    return seal_for(desk, keep_case(desk.store, key, known_at=desk.clock.now(), **case_fields), key, files)


def seal_for(desk: Desk, case: Case, key: str, files: Mapping[str, bytes] | None = None) -> Evidence:
    """Seal evidence of a case that is there already."""
    now = desk.clock.now()
    order = CaptureOrder(
        id=f"order-{key}",
        case_id=case.id,
        item_id=f"item-{key}",
        address=f"https://forum.example.org/t/{key}",
        answer=SafetyAnswer.NO,
        ordered_by="u-dsl",
        ordered_at=now,
        state=OrderState.RUNNING,
    )
    with desk.store.begin("u-dsl") as work:
        work.orders.add(order)
        work.commit()
    draft = _draft(order, case)
    evidence = desk.sealer.seal(
        draft, files or {"page.txt": f"Invented page {key}".encode()}, [LogLine(now, "u-dsl", "dsl", "captured")], now
    )
    steps = (("captured", ""), ("sealed", evidence.seal_sha256))
    drafts = [CustodyDraft(at=now, by="u-dsl", evidence_id=evidence.id, what=what, detail=detail) for what, detail in steps]
    return desk.casework.evidence_sealed(order.id, evidence, drafts)


def _draft(order: CaptureOrder, case: Case) -> Evidence:
    return Evidence(
        id=evidence_id(order),
        ref=f"{case.ref}-E1",
        case_id=case.id,
        item_id=order.item_id,
        order_id=order.id,
        address=order.address,
        final_address=order.address,
        status=200,
        title="Invented",
        captured_at=order.ordered_at,
        captured_by=order.ordered_by,
        completeness=Completeness.FULL,
        manifest_sha256="",
    )


def work_for_ever(folder: Path, to: Connection) -> None:
    """Seal evidence and make backups, in any order, until killed; says over the pipe what begins."""
    desk = build_desk(settings_of(folder), SystemClock())
    while True:
        if secrets.randbelow(2):
            to.send_bytes(b"seal")
            seal_one(desk, secrets.token_hex(6), {f"part-{number}.bin": secrets.token_bytes(200_000) for number in range(4)})
        else:
            to.send_bytes(b"backup")
            make(desk, lock_of(desk.settings))


def tree(folder: Path) -> dict[str, str]:
    """Return every file below a folder with the SHA-256 of its content: for saying that nothing was touched."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
