"""Settings of one installation: `schoolwatch.toml` plus environment variables, read once, validated, frozen.

The only reader of the environment. What people change at work (watchlist, sources, roles) lies in the store instead.
"""

from __future__ import annotations

import os
import re
import sys
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from data.clock import Clock, ScaledClock, SystemClock
from data.errors import SettingsError
from schoolwatch.age_tar import is_recipient

if TYPE_CHECKING:
    from evidence.timestamp import Authority

CONFIG_NAME = "schoolwatch.toml"
DEMO_NAME = "demo.json"
HANDLE_KEY = "handles.key"  # in the state folder: the secret of the marks that take the place of handles
_MENDS = {
    "contact": "a mail address of the school, for example office@school.example; it is sent to every site that is read",
    "privacy_notice_url": "the web address of the privacy notice, starting with https://",
    "dpia_signed_on": "the day the DPIA was signed, as 2026-09-01; it cannot lie in the future",
    "dpia_signed_by": "the name or role of the person who signed the DPIA",
    "port": "a number from 1 to 65535",
    "idle_minutes": "minutes without a click after which people are signed out, 5 to 480",
    "capture_seconds": "seconds after which a capture is ended, 10 to 120",
    "smtp_host": "the name of the school's mail server, for example smtp.school.example",
    "smtp_port": "the mail server's port, a number from 1 to 65535 (usually 587)",
    "smtp_security": "starttls, tls or none; with a user name never none",
    "mail_from": "the mail address that messages come from, for example schoolwatch@school.example",
    "timestamp_url": "the web address of a time-stamping authority (RFC 3161), with https:// or http://, and timestamp_root beside it",
    "timestamp_root": "the whole path of a PEM file that holds the authority's one root certificate; ask the authority for it",
    "witness_email": "a mail address outside this computer, for example governors@school.example, that keeps the register's daily code",
    "backup_recipient": "the public key of the backups, age1 and 58 signs more; `schoolwatch backup-key` makes one",
    "backup_dir": "the whole path of a folder on another disk, for example /mnt/backup/schoolwatch",
}


class Demo(BaseModel):
    """The demo's clock and the loopback ports that only the demo may open. Read from the demo's own state folder only."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    origin: datetime
    factor: float = Field(gt=0)
    loopback_ports: frozenset[int] = frozenset()
    town_address: str

    @property
    def hour_seconds(self) -> float:
        """How many real seconds an hour of the demo lasts."""
        return 3600 / self.factor


class Settings(BaseSettings):
    """One installation. Secrets come from environment variables `SCHOOLWATCH_…`; unknown keys are errors."""

    model_config = SettingsConfigDict(env_prefix="SCHOOLWATCH_", frozen=True, extra="forbid", env_ignore_empty=True)

    state_dir: Path
    config_path: Path | None = None
    database: str | None = None
    jobs_database: str | None = None
    executor_id: str | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=8750, ge=1, le=65535)
    public_address: str | None = None
    secure_cookie: bool = False
    idle_minutes: int = Field(default=30, ge=5, le=480)
    contact: str | None = None
    privacy_notice_url: str | None = None
    dpia_signed_on: date | None = None
    dpia_signed_by: str | None = None
    browser_path: Path | None = None
    capture_seconds: int = Field(default=60, ge=10, le=120)
    smtp_host: str | None = None
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_user: str | None = None
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_password: str | None = Field(default=None, repr=False)
    mail_from: str | None = None
    backup_dir: Path | None = None
    backup_recipient: str | None = None
    timestamp_root: Path | None = None  # before the address: that one asks for it
    timestamp_url: str | None = None
    witness_email: str | None = None
    tokens: dict[str, str] = Field(default_factory=dict, repr=False)
    demo: Demo | None = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the interface
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the interface
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the interface
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file."""
        return env_settings, init_settings

    @field_validator("contact", "mail_from", "witness_email")
    @classmethod
    def _a_mailbox(cls, value: str | None) -> str | None:
        if value is not None and ("@" not in value or any(sign in value for sign in " \r\n()<>")):
            raise ValueError("not a mail address")
        return value

    @field_validator("privacy_notice_url", "timestamp_url")
    @classmethod
    def _a_web_address(cls, value: str | None) -> str | None:
        if value is not None and (urlsplit(value).scheme not in {"http", "https"} or not urlsplit(value).hostname):
            raise ValueError("not a web address")
        return value

    @field_validator("timestamp_root")
    @classmethod
    def _one_root(cls, value: Path | None) -> Path | None:
        if value is not None:
            from evidence.timestamp import read_authority

            read_authority("", _content(value))
        return value

    @field_validator("timestamp_url")
    @classmethod
    def _with_its_root(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("timestamp_root") is None:  # without it nobody could say whose word it is
            raise ValueError("its root certificate is missing")
        return value

    @field_validator("dpia_signed_on")
    @classmethod
    def _signed_already(cls, value: date | None) -> date | None:
        if value is not None and value > SystemClock().now().date():
            raise ValueError("lies in the future")
        return value

    @field_validator("smtp_host")
    @classmethod
    def _a_host(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", value):
            raise ValueError("not the name of a server")
        return value

    @field_validator("backup_recipient")
    @classmethod
    def _a_public_key(cls, value: str | None) -> str | None:
        if value is not None and not is_recipient(value):
            raise ValueError("not a public key")
        return value

    @field_validator("backup_dir")
    @classmethod
    def _a_whole_path(cls, value: Path | None) -> Path | None:
        if value is not None and not value.expanduser().is_absolute():  # a service starts in any folder
            raise ValueError("not a whole path")
        return value.expanduser() if value else None

    @field_validator("smtp_security")
    @classmethod
    def _no_open_password(cls, value: str, info: ValidationInfo) -> str:
        if value == "none" and info.data.get("smtp_user"):  # the password would travel openly
            raise ValueError("a password needs an encrypted connection")
        return value

    def mail_server(self) -> dict[str, Any]:
        """Return how mail goes out; empty without a mail server. Holds the password: it goes to the sending process only."""
        if self.smtp_host is None:
            return {}
        return {
            "host": self.smtp_host,
            "port": self.smtp_port,
            "security": self.smtp_security,
            "user": self.smtp_user,
            "password": self.smtp_password,
            "from": self.mail_from,
        }

    def time_authority(self) -> Authority | None:
        """Return the outside authority that is asked for time stamps; None when none is set up. Raises SettingsError."""
        if self.timestamp_url is None or self.timestamp_root is None:
            return None
        from evidence.timestamp import read_authority

        try:
            return read_authority(self.timestamp_url, _content(self.timestamp_root))
        except ValueError as error:
            msg = f"'timestamp_root' is {str(self.timestamp_root)!r}; it should be {_MENDS['timestamp_root']}"
            raise SettingsError(msg) from error

    @property
    def database_url(self) -> str:
        """The address of the school's database: a file in the state folder unless set."""
        return self.database or f"sqlite:///{self.state_dir / 'app.db'}"

    @property
    def jobs_url(self) -> str:
        """The address of the jobs engine's own database: a file of its own unless set."""
        return self.jobs_database or f"sqlite:///{self.state_dir / 'jobs.db'}"

    @property
    def vault_dir(self) -> Path:
        """The folder of sealed files."""
        return self.state_dir / "vault"

    @property
    def address(self) -> str:
        """Where people open the pages."""
        return self.public_address or f"http://{self.host}:{self.port}"

    @property
    def loopback_ports(self) -> frozenset[int]:
        """The loopback ports that collectors and browser may open: the demo's town, nothing in a school's installation."""
        return self.demo.loopback_ports if self.demo else frozenset()

    @property
    def is_set_up(self) -> bool:
        """Whether someone went through the first start."""
        return self.demo is not None or bool(self.contact)

    def clock(self) -> Clock:
        """Return the clock of this installation: the machine's, or the demo's scaled one."""
        return ScaledClock(self.demo.origin, self.demo.factor) if self.demo else SystemClock()


def _content(path: Path) -> bytes:
    """Return a small file's content; raises ValueError for what is no such file."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError("cannot be read") from error


def default_state_dir() -> Path:
    """Return the user's data folder for Schoolwatch, outside any checkout; `SCHOOLWATCH_HOME` names another."""
    named = os.environ.get("SCHOOLWATCH_HOME")
    if named:
        return Path(named).expanduser().resolve()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", str(Path.home()))) / "Schoolwatch"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "schoolwatch"


def find_config(path: Path | None = None) -> Path:
    """Return the settings file to use: the one named, `SCHOOLWATCH_CONFIG`, one in this folder, else the one in the state folder."""
    named = path or (Path(found) if (found := os.environ.get("SCHOOLWATCH_CONFIG")) else None)
    if named:
        return named.expanduser().resolve()
    here = Path(CONFIG_NAME)
    return here.resolve() if here.is_file() else default_state_dir() / CONFIG_NAME


def load_settings(path: Path | None = None) -> Settings:
    """Read the settings; raises SettingsError that names the key, the value and what would be right."""
    config = find_config(path)
    written = _read_toml(config) if config.is_file() else {}
    for key in ("demo", "tokens", "smtp_password"):
        if key in written:
            raise SettingsError(f"'{key}' cannot be set in {config.name}; tokens and passwords come from the environment")
    beside = config.parent / "state" if config.is_file() else default_state_dir()
    state_dir = Path(str(written.get("state_dir") or os.environ.get("SCHOOLWATCH_HOME") or beside)).expanduser()
    written["state_dir"] = state_dir if state_dir.is_absolute() else (config.parent / state_dir).resolve()
    return _build(written, config)


def _build(written: dict[str, Any], config: Path) -> Settings:
    demo = _read_demo(Path(written["state_dir"]))
    tokens = {name[18:].lower(): value for name, value in os.environ.items() if name.startswith("SCHOOLWATCH_TOKEN_")}
    try:
        return Settings(**written, config_path=config, demo=demo, tokens=tokens)
    except ValidationError as error:
        raise SettingsError(_explain(error, config)) from error


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} cannot be read as TOML: {error}") from error


def _read_demo(state_dir: Path) -> Demo | None:
    path = state_dir / DEMO_NAME
    if not path.is_file():
        return None
    try:
        return Demo.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise SettingsError(f"{path} is not a demo's clock: remove the folder and start `schoolwatch demo` again") from error


def _explain(error: ValidationError, config: Path) -> str:
    lines = []
    for one in error.errors(include_url=False):
        key = ".".join(str(part) for part in one["loc"])
        if one["type"] == "extra_forbidden":
            lines.append(f"'{key}' is not a setting")
            continue
        mend = _MENDS.get(key, one["msg"])
        lines.append(f"'{key}' is {_shown(one['input'])}; it should be {mend}")
    return f"{config}: " + "; ".join(lines)


def _shown(value: object) -> str:
    """Return a wrong value as it is shown; a secret key in the place of a public one is never printed."""
    is_secret = isinstance(value, str) and "SECRET" in value.upper()
    return "a secret key, which must not stand here" if is_secret else repr(value)


def write_settings(path: Path, values: dict[str, Any]) -> None:
    """Write a settings file as a whole or not at all; readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.write_text("# Settings of this Schoolwatch. Secrets do not belong here.\n" + tomli_w.dumps(values), encoding="utf-8")
    draft.chmod(0o600)
    draft.replace(path)


def child_environment(**values: str) -> dict[str, str]:
    """Return this process's environment with some `SCHOOLWATCH_…` values for a child process of ours."""
    return {**os.environ, **{f"SCHOOLWATCH_{name.upper()}": value for name, value in values.items()}}


def bare_environment() -> dict[str, str]:
    """Return this process's environment without any secret of ours and without proxies, for a child that speaks to one server only."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SCHOOLWATCH_") and "PROXY" not in name.upper()}
    return kept | {"NO_PROXY": "*"}


def demo_origin() -> datetime:
    """Return the present moment as the origin of a demo's scaled clock."""
    return SystemClock().now().astimezone(UTC)
