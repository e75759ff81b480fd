"""The small parts of a capture that need no browser: spellings, prints, causes, what a worker may say."""

from __future__ import annotations

import io
from datetime import timedelta
from random import Random

import imagehash
import pytest
from PIL import Image

from evidence.capture_facts import Times
from evidence.exchanges import server_of, with_addresses
from evidence.failures import plain_cause, site_fault, with_hops
from evidence.image_prints import image_prints, phash
from evidence.photograph import page_words
from evidence.post_picture import spellings
from evidence.progress import WORDS, in_words
from evidence.testing import MOMENT, square
from evidence.web_archive import Exchange


def _sent(body: bytes | None, address: str = "https://a.example/1.png", kind: str = "image/png") -> Exchange:
    return Exchange(address=address, at=MOMENT, status=200, response_headers=(("Content-Type", kind),), body=body)


def _noisy(form: str, size: tuple[int, int] = (200, 160)) -> bytes:
    picture = Image.linear_gradient("L").resize(size).convert("RGB")
    target = io.BytesIO()
    picture.save(target, form)
    return target.getvalue()


def test_the_same_picture_packed_anew_has_nearly_the_same_print() -> None:
    """A PNG and a JPEG of one picture differ in few of 256 bits; each picture is listed once, with its size and hash."""
    sent = [_sent(_noisy("PNG")), _sent(_noisy("JPEG"), "https://a.example/2.jpg", "image/jpeg"), _sent(_noisy("PNG"))]
    found = image_prints(sent)

    first, second = (int(line["phash"], 16) for line in found["images"])
    assert (found["hash_size"], found["images"][0]["width"], len(found["images"][0]["sha256"])) == (16, 200, 64)
    assert (first ^ second).bit_count() <= 20


@pytest.mark.parametrize("seed", range(12))
def test_the_print_is_the_one_that_the_library_gives(seed: int) -> None:
    """The library `imagehash`, which is not our code, gives the same 256 bits for pictures of noise, of any shape and mode."""
    random = Random(seed)  # noqa: S311 - invented pictures
    size = (random.randint(64, 300), random.randint(64, 300))
    small = Image.frombytes("RGB", (9, 7), random.randbytes(9 * 7 * 3))
    picture = small.resize(size, Image.Resampling.BICUBIC).convert(random.choice(["RGB", "L", "RGBA", "P"]))

    assert phash(picture) == str(imagehash.phash(picture, hash_size=16))


def test_a_picture_of_one_colour_has_a_print_of_nothing() -> None:
    """Rounding noise makes no bits: only the brightness itself stands out."""
    assert phash(Image.new("RGB", (90, 90), (200, 10, 10))) == "8" + "0" * 63


def test_what_is_no_picture_worth_a_print_is_left_out() -> None:
    """Icons, broken and cut pictures, other kinds, bodies that were not had, and bombs: none is listed, none raises."""
    bomb = square((0, 0, 0), 64)
    bomb = bomb[:16] + (60_000).to_bytes(4, "big") * 2 + bomb[24:]
    sent = [
        _sent(square((1, 2, 3), 63), "https://a.example/icon"),
        _sent(b"\x89PNG\r\n\x1a\n", "https://a.example/broken"),
        _sent(_noisy("PNG")[:400], "https://a.example/cut"),
        _sent(bomb, "https://a.example/bomb"),
        _sent(None, "https://a.example/none"),
        _sent(_noisy("PNG"), "https://a.example/text", "text/html"),
    ]

    assert image_prints(sent) == image_prints([])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("short", ["short"]),
        ("", []),
        (" \n ", []),
        (
            "a line that is long enough to look for\nno",
            ["a line that is long enough to look for\nno", "a line that is long enough to look for"],
        ),
    ],
)
def test_a_post_is_looked_for_whole_first(text: str, expected: list[str]) -> None:
    """Then by its longest line; nothing is looked for when there are no words."""
    assert spellings(text) == expected


def test_a_long_post_is_looked_for_by_its_beginning_too() -> None:
    """Sites cut long posts: the beginning ends with a whole word."""
    words = " ".join(f"word{n}" for n in range(60))
    whole, start = spellings(words)[:2]

    assert whole == words
    assert words.startswith(f"{start} ")
    assert len(start) <= 120


@pytest.mark.parametrize(
    ("status", "tries", "expected"),
    [
        (200, 1, None),
        (404, 3, None),
        (429, 3, "the site asks us to come back later (status 429, asked 3 times)"),
        (503, 1, "the site has a fault of its own (status 503); try again later"),
    ],
)
def test_a_fault_of_the_site_is_told_from_an_answer(status: int, tries: int, expected: str | None) -> None:
    """429 and 5xx are the site's; everything else can be judged."""
    assert site_fault(status, tries) == expected


def test_hops_stand_in_the_cause_and_are_kept_short() -> None:
    """The way there is listed, at most 21 addresses of 120 characters."""
    said = with_hops(plain_cause("net::ERR_TOO_MANY_REDIRECTS at x"), [f"https://a.example/{n}/{'x' * 500}" for n in range(40)])

    assert said.startswith(
        "the page redirects in a circle or more than 20 times (net::ERR_TOO_MANY_REDIRECTS); the way there: https://a.example/0/"
    )
    assert said.count("→") == 20
    assert with_hops("gone", []) == "gone"


def test_a_worker_is_believed_in_nothing_but_known_steps() -> None:
    """What a worker says of itself is looked up; words of its own, lists and numbers are not shown."""
    assert in_words("seen") == WORDS["seen"]
    assert [in_words(said) for said in ("<b>hello</b>", "", None, 3, ["seen"])] == [None] * 5


def test_words_of_another_shape_count_as_not_said() -> None:
    """A hostile page may bend what its worker hands over: whatever comes, it is text in the end."""
    words = page_words({"title": 7, "text": None, "alts": "no list", "links": ["https://a.example/", 3], "address": ["x"]})

    assert (words.title, words.text, words.alts, words.links) == ("7", "", (), ("https://a.example/", "3"))


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://a.example/x", ("a.example", 443)),
        ("http://a.example:8080/", ("a.example", 8080)),
        ("data:text/plain,x", ("", 0)),
        ("http://[broken", ("", 0)),
    ],
)
def test_a_server_is_its_host_and_port(address: str, expected: tuple[str, int]) -> None:
    """Also for addresses that are none."""
    assert server_of(address) == expected


def test_the_network_log_names_the_address_that_was_reached() -> None:
    """Each answer's line gets what the guard proxy connected to, or nothing."""
    lines = with_addresses([{"host": "a.example", "port": 443}, {"host": "b.example", "port": 80}], {("a.example", 443): "192.0.2.7"})

    assert [line["address"] for line in lines] == ["192.0.2.7", None]


@pytest.mark.parametrize(
    ("seconds", "machine", "expected"), [(3.0, 3.4, None), (3.0, -97.0, -100.0), (3.0, 63.25, 60.2), (3.0, None, None)]
)
def test_a_moved_clock_is_told_by_two_counts(seconds: float, machine: float | None, expected: float | None) -> None:
    """Less than two seconds apart is how two counts differ anyway."""
    assert Times(MOMENT, MOMENT + timedelta(seconds=seconds), seconds, machine).jump() == expected
