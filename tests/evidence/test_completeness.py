"""What a capture amounts to."""

from __future__ import annotations

import pytest

from data.model.evidence import Completeness
from evidence.completeness import Sight, judge
from evidence.errors import CaptureFailedError

POST = "The head at Fernley Green is useless and everybody knows it"


def _sight(**more: object) -> Sight:
    return Sight(**({"status": 200, "asked": "https://a.example/p", "final": "https://a.example/p", "text": POST} | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, Completeness.FULL),
        ({"images": 3, "loaded": 3}, Completeness.FULL),
        ({"images": 3, "loaded": 2}, Completeness.INCOMPLETE),
        ({"killed": True}, Completeness.INCOMPLETE),
        ({"notes": ("the picture shows the first 16,000 of 20,000 pixels",)}, Completeness.INCOMPLETE),
        ({"post_text": POST.upper()}, Completeness.FULL),
        ({"post_text": "quite other words"}, Completeness.INCOMPLETE),
        ({"status": 401}, Completeness.BEHIND_WALL),
        ({"status": 403}, Completeness.BEHIND_WALL),
        ({"text": "Please log in to see this page"}, Completeness.BEHIND_WALL),
        ({"text": "Hello", "final": "https://a.example/login?next=/p"}, Completeness.BEHIND_WALL),
        ({"text": POST + " Log in to reply", "post_text": POST}, Completeness.FULL),
        ({"text": POST * 60 + " Log in to reply"}, Completeness.FULL),
        ({"status": 404}, Completeness.NOT_AVAILABLE),
        ({"status": 410}, Completeness.NOT_AVAILABLE),
    ],
)
def test_the_verdict_says_what_was_seen(more: dict[str, object], expected: Completeness) -> None:
    """A wall is no evidence of the post, a missing image makes the set incomplete, and a 404 is proof of absence."""
    assert judge(_sight(**more))[0] == expected


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_fault_of_the_site_is_no_capture(status: int) -> None:
    """An overloaded or broken site gives an error that names the status."""
    with pytest.raises(CaptureFailedError, match=str(status)):
        judge(_sight(status=status))


def test_missing_images_are_counted_in_words() -> None:
    """The note says how many of how many images were there."""
    assert "2 of 3 images" in judge(_sight(images=3, loaded=2))[1]
