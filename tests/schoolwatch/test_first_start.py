"""The first start: refused field by field with nothing written, or a ready installation."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from data.errors import SettingsError
from data.model.people import Role
from data.model.watch import TermKind
from schoolwatch import readiness
from schoolwatch.desk import build_desk
from schoolwatch.first_start import FirstStart, FirstStartError, check, kind_of, needs_set_up, once_set_up, set_up, set_up_code
from schoolwatch.settings import Settings, load_settings

PASSWORD = "long enough to use"


@pytest.fixture
def settings(home: Path) -> Settings:
    """Settings of an installation that nobody set up yet."""
    home.mkdir()
    return load_settings()


def a_form(settings: Settings, **changes: str) -> FirstStart:
    """Return a form that is filled in right."""
    right = {
        "set_up_code": set_up_code(settings),
        "school_name": "Fernley Green Primary School",
        "urn": "999999",
        "town": "Fernley Green",
        "site_domain": "fernley-green.example",
        "postal_address": "Mill Lane, Fernley Green",
        "watch_terms": "Fernley Green Primary\n#fernleygreen\n\n#fernleygreen\nFGPS\n@fernleygreen",
        "contact": "office@fernley-green.example",
        "privacy_notice_url": "https://fernley-green.example/privacy",
        "dpia_signed_on": "2026-09-01",
        "dpia_signed_by": "Mrs Bramblecote",
        "your_name": "Dana Safeley",
        "username": "Dana",
        "password": PASSWORD,
    }
    return FirstStart(**(right | changes))


def test_a_filled_form_makes_a_ready_installation(settings: Settings) -> None:
    """One form, and the school can sign in and collect: settings, school, terms and the first person are there."""
    needed = needs_set_up(settings)
    done = set_up(settings, a_form(settings))
    desk = build_desk(load_settings())
    user = desk.sign_in.user_for(desk.sign_in.sign_in("dana", PASSWORD))
    assert user is not None
    (school,) = desk.schools(user)
    terms = {(term.phrase, term.kind) for term in desk.watch.terms(user, school.id)}
    desk.close()

    assert needed
    assert not needs_set_up(load_settings())
    assert readiness.missing(done) == ()
    assert school.name == "Fernley Green Primary School"
    assert school.reply_mailbox == "office@fernley-green.example"
    assert school.report_code
    assert user.roles == {school.id: (Role.DSL,)}
    assert terms == {
        ("Fernley Green Primary", TermKind.SCHOOL_NAME),
        ("#fernleygreen", TermKind.HASHTAG),
        ("FGPS", TermKind.ABBREVIATION),
        ("@fernleygreen", TermKind.OFFICIAL_HANDLE),
    }
    assert (done.config_path or Path()).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("school_name", " ", "name of the school"),
        ("watch_terms", "", "at least one name"),
        ("watch_terms", "Fernley Green\nFG", "three characters"),
        ("contact", "", "mail address"),
        ("contact", "no address", "office@school.example"),
        ("privacy_notice_url", "ftp://x", "https://"),
        ("privacy_notice_url", "our website", "https://"),
        ("dpia_signed_on", "1.9.2026", "2026-09-01"),
        ("dpia_signed_on", "2999-01-01", "not lie in the future"),
        ("dpia_signed_on", "", "both the day and the person"),
        ("dpia_signed_by", "", "both the day and the person"),
        ("your_name", "", "your name"),
        ("username", "", "user name"),
        ("username", "../etc/passwd", "2 to 40"),
        ("password", "short", "12 characters"),
        ("password", "", "12 characters"),
        ("role", "governor", "safeguarding lead"),
        ("set_up_code", "00000000x", "set-up code"),
        ("set_up_code", "", "set-up code"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_written(settings: Settings, field: str, value: str, said: str) -> None:
    """What is wrong is named with its mend, and neither settings nor database come into being."""
    form = a_form(settings, **{field: value})
    with pytest.raises(FirstStartError) as refused:
        set_up(settings, form)

    assert said in str(refused.value)
    assert {field, "dpia_signed_on"} & set(refused.value.fields)
    assert needs_set_up(load_settings())
    assert sorted(path.name for path in settings.state_dir.iterdir()) == ["set-up-code"]


def test_all_wrong_fields_are_named_at_once(settings: Settings) -> None:
    """An empty form is answered with everything that it lacks, not with one thing at a time."""
    wrong = check(settings, FirstStart())

    assert {"school_name", "watch_terms", "contact", "your_name", "username", "password", "set_up_code"} == set(wrong)


def test_privacy_notice_and_dpia_may_follow_later(settings: Settings) -> None:
    """Without them the school is set up, but says what is missing before anything is collected."""
    done = set_up(settings, a_form(settings, privacy_notice_url="", dpia_signed_on="", dpia_signed_by=""))

    assert len(readiness.missing(done)) == 3


def test_nobody_sets_up_twice(settings: Settings) -> None:
    """Once set up, the form is closed, also for who knows the code."""
    form = a_form(settings)
    done = set_up(settings, form)
    with pytest.raises(SettingsError, match="set up already"):
        set_up(done, form)
    assert not (done.state_dir / "set-up-code").exists()


def test_the_code_stays_until_it_was_used(settings: Settings) -> None:
    """The code is the same at each start until the first start is done, and only its owner can read it."""
    code = set_up_code(settings)

    assert set_up_code(settings) == code
    assert len(code) == 8
    assert (settings.state_dir / "set-up-code").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("phrase", "kind"), [("Fernley Green", "school_name"), ("FGPS", "abbreviation"), ("#fg", "hashtag")])
def test_a_typed_phrase_has_a_kind(phrase: str, kind: str) -> None:
    """What kind of term a typed phrase is, is seen by its first sign."""
    assert kind_of(phrase) == kind


def test_the_worker_waits_for_the_first_start(settings: Settings) -> None:
    """A worker that was started before the first start goes on with the settings that the page wrote, not with its own empty ones."""
    ended = threading.Event()
    looks = iter((settings, set_up(settings, a_form(settings))))
    found = once_set_up(lambda: next(looks), ended, every=0.0)

    assert found is not None
    assert readiness.missing(found) == ()


def test_a_worker_that_waits_can_be_ended(settings: Settings) -> None:
    """Told to end before anybody set the school up, the worker ends."""
    ended = threading.Event()
    ended.set()

    assert once_set_up(lambda: settings, ended) is None


def test_a_term_without_letters_is_refused(settings: Settings) -> None:
    """Signs that cannot be seen or read stand for no school."""
    with pytest.raises(FirstStartError, match="letters or digits"):
        set_up(settings, a_form(settings, watch_terms="\u200b\u200b\u200b"))


def test_a_first_start_that_was_cut_off_can_be_done_again(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A computer that died between the records and the settings leaves nobody locked out: the same answers finish the set-up."""

    def dies(*_: object) -> None:
        raise OSError("no power")

    with monkeypatch.context() as broken:
        broken.setattr("schoolwatch.first_start.write_settings", dies)
        with pytest.raises(OSError, match="no power"):
            set_up(settings, a_form(settings))
    desk = build_desk(set_up(settings, a_form(settings)))
    user = desk.sign_in.user_for(desk.sign_in.sign_in("dana", PASSWORD))
    assert user is not None
    schools = desk.schools(user)
    desk.close()

    assert len(schools) == 1
