"""The first start: which school, what stands for it, who says so in public, and the first person who may sign in."""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from data.clock import SystemClock
from data.errors import SchoolwatchError, SettingsError
from data.model.base import new_id
from data.model.people import Role, User
from data.model.watch import School, TermKind, WatchTerm
from data.store import Work
from schoolwatch.desk import build_desk, migrate
from schoolwatch.people import check_username
from schoolwatch.settings import Settings, find_config, load_settings, write_settings
from schoolwatch.sign_in import check_password
from schoolwatch.watch import MIN_TERM, new_report_code

CODE_NAME = "set-up-code"


class FirstStart(BaseModel):
    """What the wizard and `schoolwatch init` ask for, as typed."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    set_up_code: str = ""
    school_name: str = ""
    urn: str = ""
    town: str = ""
    site_domain: str = ""
    postal_address: str = ""
    reply_mailbox: str = ""
    watch_terms: str = ""  # one a line
    contact: str = ""
    privacy_notice_url: str = ""
    dpia_signed_on: str = ""
    dpia_signed_by: str = ""
    your_name: str = ""
    username: str = ""
    password: str = ""
    role: str = Role.DSL.value


class FirstStartError(SettingsError):
    """Some answers of the first start are missing or wrong; `fields` says which and what would be right."""

    def __init__(self, fields: dict[str, str]) -> None:
        """Take field name -> mend."""
        self.fields = fields
        super().__init__("; ".join(fields.values()))


def needs_set_up(settings: Settings) -> bool:
    """Whether nobody has gone through the first start yet."""
    return not settings.is_set_up


def once_set_up(load: Callable[[], Settings], ended: threading.Event, every: float = 1.0) -> Settings | None:
    """Return the settings as soon as somebody went through the first start; None when told to end before that.

    The page of another process writes them: who went on with the settings of its own start would never collect anything.
    """
    settings = load()
    while needs_set_up(settings):
        if ended.wait(every):
            return None
        settings = load()
    return settings


def set_up_code(settings: Settings) -> str:
    """Return the code that the wizard asks for, so that only who sees this machine's terminal can set it up."""
    path = settings.state_dir / CODE_NAME
    settings.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.is_file():
        path.touch(mode=0o600)
        path.write_text(f"{secrets.randbelow(10**8):08d}", encoding="ascii")
    return path.read_text(encoding="ascii").strip()


_REQUIRED = {
    "school_name": "the name of the school",
    "watch_terms": "at least one name or hashtag that stands for the school, one a line",
    "contact": "a mail address of the school; it is sent to every site that is read",
    "your_name": "your name: it stands in the records of who did what",
    "username": "a user name to sign in with",
    "password": "a password of at least 12 characters",
}


def check(settings: Settings, form: FirstStart, *, code_needed: bool = True) -> dict[str, str]:
    """Return what is wrong, field by field, with the mend; empty when the form may be used. Privacy notice and DPIA may follow later."""
    wrong = {name: f"please give {what}" for name, what in _REQUIRED.items() if not getattr(form, name)}
    if code_needed and not hmac.compare_digest(form.set_up_code.encode(), set_up_code(settings).encode()):
        wrong["set_up_code"] = "the set-up code is not right: it stands in the window where `schoolwatch up` was started"
    if form.role not in {Role.DSL.value, Role.HEADTEACHER.value}:
        wrong["role"] = "the first person is the safeguarding lead (dsl) or the headteacher"
    wrong |= _person_faults(form)
    if any(sum(sign.isalnum() for sign in phrase) < MIN_TERM for phrase in _phrases(form)):
        wrong["watch_terms"] = (
            "each name or hashtag needs at least three characters that are letters or digits; shorter ones match nearly every post"
        )
    if bool(form.dpia_signed_on) != bool(form.dpia_signed_by):
        wrong["dpia_signed_on"] = "give both the day and the person who signed the DPIA, or leave both for later"
    for name, why in _settings_faults(settings, form).items():
        wrong.setdefault(name, why)
    return wrong


def _person_faults(form: FirstStart) -> dict[str, str]:
    faults = {}
    try:
        if form.password:
            check_password(form.password, form.username or "-")
    except SchoolwatchError as error:
        faults["password"] = str(error)
    try:
        if form.username:
            check_username(form.username.lower())
    except SchoolwatchError as error:
        faults["username"] = str(error)
    return faults


def _phrases(form: FirstStart) -> tuple[str, ...]:
    """Return the phrases that were typed, each once."""
    return tuple(dict.fromkeys(" ".join(line.split()) for line in form.watch_terms.splitlines() if line.strip()))


def _settings_faults(settings: Settings, form: FirstStart) -> dict[str, str]:
    faults = {}
    for name, value in _written(form).items():
        try:
            Settings.model_validate({"state_dir": settings.state_dir, name: value})
        except ValueError:
            faults[name] = {
                "contact": "the contact should be a mail address, for example office@school.example",
                "privacy_notice_url": "the privacy notice's address should start with https://",
                "dpia_signed_on": "the day the DPIA was signed should look like 2026-09-01 and not lie in the future",
            }.get(name, f"{name} cannot be used")
    return faults


def _written(form: FirstStart) -> dict[str, Any]:
    values: dict[str, Any] = {"contact": form.contact}
    if form.privacy_notice_url:
        values["privacy_notice_url"] = form.privacy_notice_url
    if form.dpia_signed_on:
        try:
            values["dpia_signed_on"] = date.fromisoformat(form.dpia_signed_on)
        except ValueError:
            values["dpia_signed_on"] = form.dpia_signed_on
    if form.dpia_signed_by:
        values["dpia_signed_by"] = form.dpia_signed_by
    return values


def set_up(settings: Settings, form: FirstStart, *, code_needed: bool = True) -> Settings:
    """Write `schoolwatch.toml`, the school, its terms and the first person; raises FirstStartError before anything is written."""
    if not needs_set_up(settings):
        raise SettingsError("this Schoolwatch is set up already; change schoolwatch.toml or the pages instead")
    wrong = check(settings, form, code_needed=code_needed)
    if wrong:
        raise FirstStartError(wrong)
    migrate(settings)
    _store_records(settings, form)
    path = settings.config_path or find_config()
    values = {"state_dir": _relative(settings.state_dir, path)} | _written(form)
    write_settings(path, values | {"host": settings.host, "port": settings.port})
    (settings.state_dir / CODE_NAME).unlink(missing_ok=True)
    return load_settings(path)


def _relative(state_dir: Path, config: Path) -> str:
    return str(state_dir.relative_to(config.parent)) if state_dir.is_relative_to(config.parent) else str(state_dir)


def _store_records(settings: Settings, form: FirstStart) -> None:
    desk = build_desk(settings)
    now = SystemClock().now()
    user_id, school_id = new_id(now), new_id(now)
    school = School(
        id=school_id,
        name=form.school_name,
        urn=form.urn or None,
        town=form.town or None,
        domains=(form.site_domain,) if form.site_domain else (),
        postal_address=form.postal_address or None,
        reply_mailbox=form.reply_mailbox or form.contact,
        report_code=new_report_code(),
        added_at=now,
    )
    user = User(
        id=user_id,
        username=form.username.lower(),
        name=form.your_name,
        roles={school_id: (Role(form.role),)},
        added_by=user_id,
        added_at=now,
    )
    with desk.store.begin(user_id) as work:
        known = work.users.where(username=user.username)
        if known:  # an earlier first start was cut off after its records were stored and before the settings were written
            desk.sign_in.set_password(work, known[0], form.password)
        else:
            work.schools.add(school)
            _add_terms(work, form, school_id, user_id)
            work.users.add(user)
            desk.sign_in.set_password(work, user, form.password)
        work.commit()
    desk.close()


def _add_terms(work: Work, form: FirstStart, school_id: str, user_id: str) -> None:
    now = SystemClock().now()
    for phrase in _phrases(form):
        term = WatchTerm(id=new_id(now), school_id=school_id, kind=kind_of(phrase), phrase=phrase, added_by=user_id, added_at=now)
        work.terms.add(term)


def kind_of(phrase: str) -> TermKind:
    """Return what kind of term a typed phrase is, by its first sign."""
    if phrase.startswith("#"):
        return TermKind.HASHTAG
    if phrase.startswith("@"):
        return TermKind.OFFICIAL_HANDLE
    return TermKind.ABBREVIATION if phrase.isupper() and " " not in phrase else TermKind.SCHOOL_NAME
