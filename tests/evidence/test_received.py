"""The words of a page as they were received count beside those that are seen (evidence.md §8.3)."""

from __future__ import annotations

import base64

import pytest

from evidence.preflight import PageWords
from evidence.received import with_received, words_of

SEEN = PageWords("https://a.example/", "Seen", "seen text", ("seen alt",))
SOURCE = "<title>Sent</title><meta name=rating content=adult><p>sent téxt</p><img alt='sent alt'><a href=/x>go</a><script>no words</script>"


def _sent(body: bytes) -> str:
    return base64.b64encode(body).decode()


def test_what_was_received_is_added() -> None:
    """Text, descriptions, links and labels of the source are searched too; the title that counts as such is the one a reader sees."""
    both = with_received(SEEN, _sent(SOURCE.encode("cp1252")), "windows-1252")

    assert (both.title, both.alts, both.labels) == ("Seen", ("seen alt", "sent alt"), ("adult",))
    assert both.text.splitlines() == ["seen text", "Sent", "Sent", "sent téxt", "go"]
    assert "no words" not in both.text
    assert both.links == ("/x", "go")


@pytest.mark.parametrize("body", [None, "", 7, "no base64!", "é"])
def test_without_a_body_the_words_seen_stand_alone(body: object) -> None:
    """A body that did not come, or that is bent, adds nothing."""
    assert with_received(SEEN, body, None) == SEEN


@pytest.mark.parametrize("body", [b"", b"\x00\xff" * 500, b"<" * 5_000, b"<div>" * 20_000, bytes(range(256)) * 20])
def test_any_bytes_can_be_read(body: bytes) -> None:
    """Noise, nothing, markup without end, a charset that nobody knows: words in the end, perhaps none."""
    assert isinstance(words_of(body, "https://a.example/", "no-such-charset").text, str)
