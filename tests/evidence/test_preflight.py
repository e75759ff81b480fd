"""The page's words are read before its pictures: what stops, and that no word is kept (evidence.md §8.3). All text is invented."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from evidence.errors import CaptureForbiddenError, PreflightStopError
from evidence.preflight import PageWords, said, signals

ADDRESS = "https://town.example/p/1"
ROOT = Path(__file__).parents[2]
STOPS = [
    "who has the Y10 nudes folder, swap for £5",
    "Send nudes lol, add me on snap",
    "got y9 n*des dm me 😏",
    "n u d e s of year 9 girls",
    "14f horny snap me",
    "send pics pls, only to me babe",
    "CP vids, mega link in bio",
    "🧀🍕 trade, telegram only",
    "Leaked pics of a pupil going round, who wants them",
    "selling the changing room vid, £2 a look",
    "Our online safety policy is a joke. Got the Y9 nudes, dm me",
    "anyone got the deepfake of the year 11 girl? swap",
]
IS_LET_BE = [
    "Nude tights and black shoes are part of our summer uniform.",
    "A palette of nude shades for the art room",
    "The naked mole rat came to Reception today",
    "No naked flames in the science lab",
    "Year 9 sexting lesson on Tuesday: pupils learn about nudes, consent and the law.",
    "PSHE policy, section 4. Sharing nudes and semi-nudes. If a child tells you about a nude picture, tell the DSL at once.",
    "Safeguarding policy: staff must not view, copy or share nudes.",
    "Report Remove helps young people under 18 to take their nude pictures down.",
    "A man who asked for nudes was jailed for four years at Ashcombe Crown Court on Monday.",
    "The teacher denies leaking private pictures. The trial goes on.",
    "Advice for parents: what to do if your child has been asked to send pictures of themselves.",
    "Deepfake apps: a guide for parents and carers by the online safety team",
    "Police arrested a 19-year-old after leaked pictures of pupils were traded.",
    "Send pics of your costume for World Book Day!",
    "Photos of the new changing rooms are on our page",
    "Swap shop on Friday: bring uniform, Y4 girls' dresses £2, pics below",
    "Second hand uniform swap, years 3 to 6",
    "The gallery shows a nude by a Renaissance painter to Year 12 art history pupils.",
    "Girls' football: Fernley Green 3, Ashcombe Vale 1. Photos by the parents.",
    "Mr Quillander is a rubbish teacher and the head should go",
    "Class photos are in the office, £10 each",
]


def words(text: str = "", *, title: str = "", address: str = ADDRESS, **more: tuple[str, ...]) -> PageWords:
    """Return a page that says this."""
    return PageWords(address, title, text, **more)


@pytest.mark.parametrize("text", STOPS)
def test_a_page_that_trades_or_asks_is_stopped(text: str) -> None:
    """Pictures offered, asked for or traded stop a page, also in disguise."""
    assert signals(words(text))


@pytest.mark.parametrize("text", IS_LET_BE)
def test_a_page_about_the_subject_or_about_something_else_is_let_be(text: str) -> None:
    """Policies, lessons, news of a trial, shades of colour and sports photographs give no sign."""
    assert signals(words(text)) == ()


def test_a_teaching_title_excuses_the_whole_page_but_no_offer() -> None:
    """Under a title about online safety the word may stand alone; a sentence that offers pictures stops all the same."""
    title = "Online safety for parents"

    assert signals(words("What are nudes?\n\n\n\n\nThey can be copied.", title=title)) == ()
    assert signals(words("I have the nudes, dm me", title=title))


@pytest.mark.parametrize(
    ("page", "signal"),
    [
        (words(address="https://town.example/y9-leaked-nudes/"), "nudes:address"),
        (words(address="https://town.example/%6Eudes-of-girls"), "nudes:address"),
        (words(title="Y9 nudes"), "nudes:title"),
        (words("A post", alts=("leaked nudes of a girl",)), "nudes:picture"),
        (words("A post", links=("who wants the nudes", ADDRESS)), "nudes:link"),
        (words("sexy pack", links=("https://mega.nz/folder/abc",)), "file share:link"),
        (words("A post", labels=("NSFW",)), "adult:label"),
        (words("A post", labels=("RTA-5042-1996-1400-1577-RTA",)), "adult:label"),
    ],
)
def test_every_part_of_the_page_is_read(page: PageWords, signal: str) -> None:
    """Address, title, descriptions, links and the page's own rating count as its text does, and the sign names the place."""
    assert signal in signals(page)


@pytest.mark.parametrize("link", ["https://mega.nz/folder/abc", "https://drive.google.com/x", "https://t.me/club", "https://discord.gg/x"])
def test_a_shared_folder_alone_is_no_sign(link: str) -> None:
    """Schools share folders too: only beside sexual words is such a link a sign, and not where a page teaches."""
    assert signals(words("Leavers' photos", links=("Photos", link))) == ()
    assert signals(words("uncensored", links=("Photos", link))) == ("file share:link",)
    assert signals(words("uncensored", title="Online safety guidance", links=("Photos", link))) == ()


@pytest.mark.parametrize("text", STOPS)
def test_a_sign_never_repeats_the_page(text: str) -> None:
    """Only the names of the cue and the place are kept, and the plain words for them are ours."""
    found = signals(words(text + " Zyxwvut"))

    assert all(one.partition(":")[0] in {"nudes", "trading", "seeking", "age_and_sex", "code", "sold"} for one in found)
    assert all("in the page's text" in said(one) and "Zyxwvut" not in said(one) for one in found)


def test_words_for_signs_of_our_own() -> None:
    """Each sign has plain words; one that nobody knows is said as it is."""
    assert said("adult:label") == "marked as sexual or for adults (by the page's own label)"
    assert said("file share:link") == "a link to shared files beside sexual words (in a link)"
    assert said("other") == "other ()"


@pytest.mark.parametrize(
    "text", ["", "\0", "\ud800", "a" * 200_000, "\n" * 200_000, "send pics " * 20_000, "n*des " * 30_000, "🍑" * 50_000]
)
def test_hostile_text_never_breaks_the_reading(text: str) -> None:
    """Text that is empty, endless, broken or repeated gets an answer."""
    assert isinstance(signals(words(text, title=text[:100], alts=(text[:100],))), tuple)


@given(st.text(max_size=300), st.text(max_size=60))
def test_any_text_gets_an_answer(text: str, link: str) -> None:
    """Whatever a page says, the reading ends in a tuple of known names."""
    assert all(":" in one for one in signals(words(text, title=link, links=(link, "https://" + link))))


def test_a_sign_behind_a_long_page_is_found() -> None:
    """A page of 200,000 characters hides nothing at its end."""
    assert signals(words("Fernley Green news of the week. " * 6_000 + "who has the Y10 nudes folder, swap"))


def test_a_sentence_cut_into_pieces_hides_nothing() -> None:
    """Text without any full stop is read in pieces that overlap."""
    for length in range(980, 1005):
        assert signals(words("a " * (length // 2) + "who wants the nudes folder dm me " + "b " * 400)), length


def test_the_error_names_the_signs_and_the_steps() -> None:
    """What stops a capture says which signs, never the words, and shows the STOP steps."""
    error = PreflightStopError(("nudes:text",))

    assert isinstance(error, CaptureForbiddenError)
    assert error.signals == ("nudes:text",)
    assert "nudes:text" in str(error)
    assert error.screen.startswith("STOP.")


@pytest.mark.parametrize("path", sorted((ROOT / "schoolwatch/demo/looks").glob("*.html")), ids=lambda path: path.stem)
def test_the_pages_of_the_demo_town_are_let_be(path: Path) -> None:
    """The ordinary looks of pages give no sign by their own words."""
    page = BeautifulSoup(path.read_text(encoding="utf-8"), "lxml")
    links = tuple(str(link["href"]) for link in page.find_all("a", href=True))

    assert signals(words(page.get_text("\n"), links=links)) == ()


def test_of_the_invented_posts_few_are_stopped_without_reason() -> None:
    """Of the judging posts that nobody labelled sexual or grooming, fewer than one in a hundred stops; nothing was tuned on them."""
    posts = [json.loads(line) for path in sorted((ROOT / "tests/gold").glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()]
    others = [post for post in posts if not {"sexual", "grooming"} & set(post["labels"])]
    stopped = [post["id"] for post in others if signals(words(post["text"]))]

    assert len(others) > 1_000
    assert len(stopped) * 100 < len(others), stopped
