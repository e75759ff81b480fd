"""The one thing that is ever sent: a hash to a time-stamping authority, once, to a public address, with nothing else about it."""

from __future__ import annotations

import httpx
import pytest

from collector.errors import CollectError, NotPublicError, RateLimitedError, SourceUnavailableError, UnreadablePageError
from collector.public_address import Gate
from collector.testing import Reply, ScriptedTransport, scripted_client

ADDRESS = "https://tsa.example/rfc3161"
QUERY = b"\x30\x03\x02\x01\x01"


def test_the_question_goes_out_as_it_is() -> None:
    """One POST with the question as its body and the right media types; robots.txt, which is about pages, is not asked for."""
    transport = ScriptedTransport({ADDRESS: Reply(b"the reply")})
    reply = scripted_client(transport).time_stamp(ADDRESS, QUERY)
    (request,) = transport.requests

    assert reply == b"the reply"
    assert (request.method, request.content) == ("POST", QUERY)
    assert request.headers["content-type"] == "application/timestamp-query"
    assert request.headers["accept"] == "application/timestamp-reply"
    assert "cookie" not in request.headers
    assert "authorization" not in request.headers


@pytest.mark.parametrize(
    ("step", "error"),
    [
        (Reply(status=500), SourceUnavailableError),
        (Reply(status=503), RateLimitedError),
        (Reply(status=302, headers={"location": "https://other.example/"}), UnreadablePageError),
        (Reply(b"x" * 300_000), UnreadablePageError),
        (httpx.ConnectError("no"), SourceUnavailableError),
        (httpx.ReadTimeout("no"), SourceUnavailableError),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_what_is_no_answer_is_named_after_one_try(step: Reply | Exception, error: type[CollectError]) -> None:
    """A fault, a redirect, an endless answer, silence: the reason, after one try; a redirect is never followed with the question."""
    transport = ScriptedTransport({ADDRESS: step})

    with pytest.raises(error):
        scripted_client(transport).time_stamp(ADDRESS, QUERY)
    assert transport.asked == [ADDRESS]


@pytest.mark.parametrize("address", ["http://127.0.0.1/tsa", "http://10.0.0.1/", "file:///etc/passwd", "http://tsa.example:8080/", "tsa"])
def test_nothing_is_sent_to_what_is_not_public(address: str) -> None:
    """A private address, another port, another scheme: refused before anything is sent."""
    transport = ScriptedTransport({})

    with pytest.raises(NotPublicError):
        scripted_client(transport, gate=Gate()).time_stamp(address, QUERY)
    assert transport.requests == []
