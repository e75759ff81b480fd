"""The small pieces: words made safe, times said, tries counted, forms read."""

from __future__ import annotations

import asyncio
import contextlib
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

import dashboard
from dashboard.parts import plain_page, times
from dashboard.parts.brake import MOST_ADDRESSES, Brake
from dashboard.parts.gate import is_open, onward
from dashboard.parts.plain_form import FormRefusedError, Sent, read_form
from dashboard.parts.plain_words import as_is, counted, masked, one_line, visible
from dashboard.parts.refusal import in_words
from dashboard.parts.report_words import TICKS, WISHES
from dashboard.parts.role_words import ROLE_LABELS, ROLE_SAYS
from data.errors import NotFoundError
from data.model.findings import ReportTick, Wish
from data.model.people import Role

NOW = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (NOW, "today 14:05"),
        (NOW - timedelta(days=1), "Thu 19 Nov, 14:05"),
        (datetime(2026, 7, 1, 23, 30, tzinfo=UTC), "Thu 2 Jul, 00:30"),  # summer time: an hour later, and the next day
        (datetime(2025, 12, 31, 23, 59, tzinfo=UTC), "Wed 31 Dec 2025, 23:59"),
        (None, "unknown"),
    ],
)
def test_times_are_said_in_uk_time(moment: datetime | None, said: str) -> None:
    """A person reads the time on the school's clock."""
    assert times.uk(moment, NOW) == said


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=59), "59 min ago"),
        (timedelta(hours=5), "5 h ago"),
        (timedelta(days=3), "3 days ago"),
        (-timedelta(minutes=4), "in 4 min"),
    ],
)
def test_how_long_ago_is_said_beside_it(span: timedelta, said: str) -> None:
    """Every time has its distance beside it."""
    assert times.ago(NOW - span, NOW) == said


@given(st.text())
def test_no_sign_of_markdown_survives_unescaped(text: str) -> None:
    """Whatever is put into a label, markdown reads nothing in it."""
    shown = as_is(text)

    assert all(shown[place - 1] == "\\" for place, sign in enumerate(shown) if sign in "*_[]()`#<>|~:$" and place > 0)
    assert not shown[:1] or shown[0] not in "*_[]()`#<>|~:$"


@given(st.text())
def test_hidden_signs_are_gone_and_a_line_is_a_line(text: str) -> None:
    """No direction sign can turn our own words round, no line end can begin a new line of ours."""
    line = one_line(text)

    assert not set(line) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\r\n\t\x00")
    assert len(line) <= 160


def test_piled_up_accents_are_cut() -> None:
    """Text made to run over the whole page stays in its frame."""
    assert visible("z" + "\u0301" * 500) == "z" + "\u0301" * 4


def test_a_masked_address_shows_its_host_only() -> None:
    """In a stopped case nobody follows the address by habit."""
    assert [masked("https://user:pw@host.example.org/a/b?c"), masked("host.example.org/x")] == [
        "host.example.org/ …",
        "host.example.org/ …",
    ]


def test_numbers_have_names() -> None:
    """One post, two posts."""
    assert [counted(1, "post", "posts"), counted(2_000, "post", "posts")] == ["1 post", "2,000 posts"]


def test_the_brake_counts_by_address_and_forgets() -> None:
    """So many tries in so many seconds, for each address by itself."""
    clock = [0.0]
    brake = Brake(2, 60, lambda: clock[0])
    first = [brake.allows("a"), brake.allows("a"), brake.allows("a"), brake.allows("b")]
    clock[0] = 61.0

    assert first == [True, True, False, True]
    assert brake.allows("a")


def test_the_brake_stays_small() -> None:
    """A flood from many addresses does not fill the memory."""
    brake = Brake(2, 60)
    for number in range(MOST_ADDRESSES + 50):
        brake.allows(str(number))

    assert len(brake._tries) == MOST_ADDRESSES


@pytest.mark.parametrize("path", ["/", "/reports", "/login/x", "/report/../x/", "/_stcore/health/x", "/Login"])
def test_only_named_paths_are_open(path: str) -> None:
    """Nothing is open by looking alike; below /report/ only the form lives."""
    assert is_open(path) == path.startswith("/report/")


@pytest.mark.parametrize("wanted", ["http://x/case", "//x/case", "/case/../login", "case", "\\\\x", "/login", "/pack/1"])
def test_going_on_never_leaves_the_house(wanted: str) -> None:
    """After signing in one lands on a page of ours."""
    assert onward(wanted) == "/"


def request(body: bytes, kind: str = "application/x-www-form-urlencoded", **headers: str) -> Request:
    """Return a request as the server would see it."""
    rows = {"content-type": kind, "host": "127.0.0.1:8750"} | {name.replace("_", "-"): value for name, value in headers.items()}

    async def receive() -> dict[str, object]:
        """Hand over the whole body at once."""
        return {"type": "http.request", "body": body, "more_body": False}

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [(name.encode(), value.encode()) for name, value in rows.items()]}
    return Request(scope, receive)


def test_a_form_is_read_as_typed() -> None:
    """Line ends of browsers become plain ones; a password keeps its spaces."""
    sent = asyncio.run(read_form(request(b"a=+x+&b=one%0D%0Atwo&c=1&c=2&p=+secret+")))

    assert (sent.one("a"), sent.one("b"), sent.all("c"), sent.secret("p")) == ("x", "one\ntwo", ("1", "2"), " secret ")
    assert (sent.one("none"), Sent().all("x")) == ("", ())


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}", "application/json", 415),
        (b"x", "multipart/form-data; boundary=x", 415),
        (b"a=" + b"x" * 300_000, "application/x-www-form-urlencoded", 413),
    ],
)
def test_other_messages_are_refused(body: bytes, kind: str, status: int) -> None:
    """No files, no other kinds, nothing endless."""
    with pytest.raises(FormRefusedError) as refused:
        asyncio.run(read_form(request(body, kind)))

    assert refused.value.status == status


@given(st.binary(max_size=400))
def test_any_bytes_give_a_form_or_a_refusal(body: bytes) -> None:
    """Whatever bytes come, nothing but a refusal in words is raised."""
    with contextlib.suppress(FormRefusedError):
        assert isinstance(asyncio.run(read_form(request(body))), Sent)


def test_every_tick_wish_and_role_has_words() -> None:
    """Nothing is shown by its code."""
    assert set(TICKS) == {tick.value for tick in ReportTick}
    assert set(WISHES) == {wish.value for wish in Wish}
    assert set(ROLE_LABELS) == set(ROLE_SAYS) == set(Role)


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_colour_can_be_read(theme: str) -> None:
    """Each text colour has a contrast of at least 4.5 on paper and on cards; white on the primary button too."""
    config = tomllib.loads((Path(dashboard.__file__).parent / ".streamlit" / "config.toml").read_text())["theme"]
    colours = config[theme]
    names = ["textColor", "linkColor", *(name for name in colours if name.endswith("TextColor"))]
    low = {
        (name, ground): round(contrast(colours[name], colours[ground]), 2)
        for name in names
        for ground in ("backgroundColor", "secondaryBackgroundColor")
        if contrast(colours[name], colours[ground]) < 4.5
    }
    side = colours["sidebar"]

    assert low == {}
    assert contrast(colours["primaryColor"], "#FFFFFF") >= 4.5
    assert min(contrast(side[name], side["backgroundColor"]) for name in ("textColor", "linkColor", "grayTextColor")) >= 4.5


def test_telemetry_is_off_and_errors_tell_nothing() -> None:
    """The settings that keep the pages quiet lie beside the app, where Streamlit finds them from every folder."""
    config = tomllib.loads((Path(dashboard.__file__).parent / ".streamlit" / "config.toml").read_text())

    assert config["browser"]["gatherUsageStats"] is False
    assert config["client"]["showErrorDetails"] == "none"
    assert config["server"]["enableAgentApi"] is False
    assert config["server"]["fileWatcherType"] == "none"


def test_the_plain_pages_style_is_allowed_by_its_own_hash() -> None:
    """The one style of the plain pages is named in their policy; no other style or script can run there."""
    page = plain_page.page("T & <T>", plain_page.para("<b>"))

    assert b"T &amp; &lt;T&gt;" in page.body
    assert b"&lt;b&gt;" in page.body
    assert "script-src" not in plain_page.POLICY
    assert "default-src 'none'" in plain_page.POLICY


def test_the_room_holds_only_what_streamlit_may_see() -> None:
    """Streamlit puts this folder first on the path: a file of a room's name would replace that room (architecture, trap 1)."""
    found = {path.name for path in Path(dashboard.__file__).parent.iterdir() if path.name != "__pycache__"}

    assert found == {".streamlit", "__init__.py", "app.py", "parts", "server.py", "views"}


def test_a_missing_record_is_named_in_the_words_of_the_screen() -> None:
    """No name of a table reaches the page."""
    said = in_words(NotFoundError("case_file", "x"))

    assert said.startswith("There is no such case, or")
