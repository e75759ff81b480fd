"""What the doctor says of the proof outside, the trial of an authority, the settings, and the command that writes the register."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from typer.testing import CliRunner

from casework.testing import NOON, SCHOOL_ID, a_school
from casework.watching import chained
from data.clock import FixedClock, SystemClock
from data.errors import SettingsError
from data.migrations import upgrade
from data.model.evidence import RegisterHead, SealToken, TokenState
from data.store import Store
from evidence.custody import CustodyDraft
from evidence.local_authority import Trouble
from evidence.register import HEADS
from evidence.register import check as check_register
from evidence.testing import LocalAuthority
from schoolwatch.cli import app
from schoolwatch.proof_signs import signs, try_authority
from schoolwatch.settings import Demo, Settings, load_settings, write_settings

DAY = timedelta(days=1)


@pytest.fixture
def authority() -> Iterator[LocalAuthority]:
    """An authority of our own; skipped without `openssl`, failed where that is required."""
    if not LocalAuthority.is_possible():
        if "openssl" in os.environ.get("SCHOOLWATCH_REQUIRE", ""):
            pytest.fail("openssl is required here and is not installed")
        pytest.skip("openssl is not installed: the authority of the tests needs it")
    with LocalAuthority() as found:
        yield found


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with an empty database."""
    made = Settings(state_dir=tmp_path)
    upgrade(made.database_url)
    return made


def said(settings: Settings) -> dict[str, tuple[str, str]]:
    """Return what the doctor says, by what was looked at."""
    return {what: (tone, says) for tone, what, says in signs(settings)}


def keep(settings: Settings, *records: SealToken | RegisterHead) -> None:
    """Store tokens and heads."""
    store = Store.open(settings.database_url)
    with store.begin("system") as work:
        for one in records:
            work.tokens.add(one) if isinstance(one, SealToken) else work.heads.add(one)
        work.commit()
    store.close()


def a_token(state: TokenState, age: timedelta, **more: object) -> SealToken:
    """Return a time stamp that was wanted so long ago."""
    at = SystemClock().now() - age
    made = SealToken(
        id=f"t-{state}", subject=f"evidence:{state}", imprint="ab" * 32, authority="https://tsa.example", made_at=at, state=state
    )
    return made.model_copy(update=more)


def a_head(age: timedelta, **more: object) -> RegisterHead:
    """Return the head of a day so long ago."""
    at = SystemClock().now() - age
    return RegisterHead(id=at.date().isoformat(), number=5, hash="ab" * 32, at=at).model_copy(update=more)


def test_before_anything_is_set_up_there_are_notes(settings: Settings, tmp_path: Path) -> None:
    """Without an authority and without evidence nothing is bad; without a database nothing is said at all."""
    assert said(settings)["time stamps"][0] == "note"
    assert said(settings)["register outside"][0] == "note"
    assert said(Settings(state_dir=tmp_path / "none")) == {}


def test_the_doctor_says_how_stamps_stand(settings: Settings, authority: LocalAuthority) -> None:
    """Given and freshly waiting ones are well; one that waits for two days, and one that was refused, are not."""
    known = settings.model_copy(update={"timestamp_url": authority.url, "timestamp_root": authority.root_file()})
    keep(settings, a_token(TokenState.GRANTED, DAY))
    well = said(known)["time stamps"]
    keep(settings, a_token(TokenState.WAITING, 3 * DAY, problem="tsa.example did not answer in time"))
    late = said(known)["time stamps"]
    keep(settings, a_token(TokenState.REFUSED, DAY, problem="the authority's answer is empty"))
    refused = said(known)["time stamps"]

    assert (well[0], late[0], refused[0]) == ("ok", "bad", "bad")
    assert "did not answer in time" in late[1]
    assert "answer is empty" in refused[1]


def test_a_code_that_stays_here_is_bad_after_two_days(settings: Settings) -> None:
    """A day's code is on its way at first; after two days it counts for nothing, until a newer one has left."""
    keep(settings, a_head(DAY))
    fresh = said(settings)["register outside"]
    keep(settings, a_head(3 * DAY, problem="the server could not be reached"))
    late = said(settings)["register outside"]
    keep(settings, a_head(timedelta(0), sent_at=SystemClock().now()))
    gone = said(settings)["register outside"]

    assert (fresh[0], late[0], gone[0]) == ("note", "bad", "ok")
    assert "could not be reached" in late[1]
    assert "witness_email" in late[1]


@pytest.mark.parametrize(
    ("trouble", "tone", "says"),
    [
        (None, "ok", "OpenSSL agrees; its clock and this one are"),
        (Trouble.UNSORTED, "ok", "not strict DER"),
        (Trouble.BAD_SIGNATURE, "bad", "REFUSED: the time stamp's signature"),
        (Trouble.SERVER_FAULT, "bad", "it does not answer"),
    ],
    ids=str,
)
def test_a_new_authority_is_tried_before_it_is_trusted(
    settings: Settings, authority: LocalAuthority, trouble: Trouble | None, tone: str, says: str
) -> None:
    """One trial stamp says whether an authority answers, how its answer was checked, and how far the clocks are apart."""
    authority.trouble = trouble
    demo = Demo(origin=NOON, factor=1, loopback_ports=frozenset({authority.port}), town_address="http://127.0.0.1")
    update = {"demo": demo, "timestamp_url": authority.url, "timestamp_root": authority.root_file()}
    found = try_authority(settings.model_copy(update=update))

    assert found[0] == tone
    assert says in found[2]


def test_an_authority_on_a_private_address_is_never_asked(settings: Settings, authority: LocalAuthority) -> None:
    """A school's installation sends nothing to an address inside its own network, whatever the settings name."""
    found = try_authority(settings.model_copy(update={"timestamp_url": authority.url, "timestamp_root": authority.root_file()}))

    assert found[0] == "bad"
    assert authority.asked == 0


def test_without_an_authority_the_trial_says_what_to_set(settings: Settings) -> None:
    """The trial names the two settings that are missing."""
    assert "timestamp_url and timestamp_root" in try_authority(settings)[2]


def test_the_settings_name_what_is_wrong(tmp_path: Path, authority: LocalAuthority) -> None:
    """An address without a root, a file that is none, one without a root, no web address, no mailbox: each key is named with its mend."""
    leaf = tmp_path / "leaf.pem"
    leaf.write_bytes(authority.leaf.public_bytes(Encoding.PEM))
    root = str(authority.root_file(tmp_path))
    wrong: list[tuple[dict[str, object], str]] = [
        ({"timestamp_url": authority.url}, "'timestamp_url'"),
        ({"timestamp_url": "ftp://tsa.example", "timestamp_root": root}, "'timestamp_url'"),
        ({"timestamp_url": authority.url, "timestamp_root": str(tmp_path / "none.pem")}, "'timestamp_root'"),
        ({"timestamp_url": authority.url, "timestamp_root": str(leaf)}, "'timestamp_root'"),
        ({"witness_email": "the governors"}, "'witness_email'"),
    ]
    file = tmp_path / "schoolwatch.toml"
    for values, key in wrong:
        write_settings(file, values)
        with pytest.raises(SettingsError, match=key):
            load_settings(file)
    write_settings(file, {"timestamp_url": authority.url, "timestamp_root": root, "witness_email": "governors@school.example"})
    found = load_settings(file).time_authority()

    assert found is not None
    assert (found.url, found.root_sha256) == (authority.url, authority.root_sha256)


def test_a_root_that_went_away_is_named(settings: Settings, authority: LocalAuthority, tmp_path: Path) -> None:
    """When the file is gone later, the start says which setting names it."""
    root = authority.root_file(tmp_path)
    known = settings.model_copy(update={"timestamp_url": authority.url, "timestamp_root": root})
    root.unlink()

    with pytest.raises(SettingsError, match="timestamp_root"):
        known.time_authority()


def test_the_register_is_written_for_a_stranger(tmp_path: Path, clock: FixedClock) -> None:
    """The command writes every line and the daily codes; what it wrote is whole, and its last code stands in it."""
    state = tmp_path / "state"
    made = Settings(state_dir=state)
    state.mkdir()
    upgrade(made.database_url)
    store = Store.open(made.database_url)
    with store.begin("system") as work:
        work.schools.add(a_school(id=SCHOOL_ID))
        chained(work, [CustodyDraft(at=clock.now(), by="u-dsl", evidence_id=f"e-{one}", what="viewed") for one in range(3)])
        last = work.custody.last()
        work.heads.add(RegisterHead(id="2026-11-20", number=3, hash=last.hash if last else "", at=clock.now()))
        work.commit()
    store.close()
    config = tmp_path / "schoolwatch.toml"
    write_settings(config, {"state_dir": str(state)})
    file = tmp_path / "register.jsonl"
    done = CliRunner().invoke(app, ["register", str(file), "--config", str(config)])
    heads = (tmp_path / f"register{HEADS}.jsonl").read_bytes()

    assert done.exit_code == 0, done.output
    assert last is not None
    assert last.hash in done.output
    assert check_register(file.read_bytes(), heads=heads, codes=[last.hash]).is_whole
