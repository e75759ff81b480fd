"""Words that are no text of the page, and pictures fetched as mere bytes: the first look minds them too (evidence.md §8.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from evidence.errors import PreflightStopError
from evidence.testing import LocalSite, square

if TYPE_CHECKING:
    from conftest import Camera

pytestmark = pytest.mark.browser
SAID = "who has the Y10 nudes folder, swap for £5"  # as in test_preflight
BUILT = f"[...'{SAID[::-1]}'].reverse().join('')"  # in no answer of the server as it is read
WAYS = [
    f'<style id=s></style><p>Village fair<script>s.sheet.insertRule(`p::before{{content:"${{{BUILT}}}"}}`)</script>',
    f"<style>p::after{{content:attr(data-x)}}</style><p id=s>Village fair<script>s.dataset.x = {BUILT}</script>",
    f"<style>li::marker{{content:var(--x)}}</style><li id=s>Fair<script>s.style.setProperty('--x', '\"'+{BUILT}+'\"')</script>",
    f"<ul><li id=s>Village fair</ul><script>s.style.listStyleType = '\"' + {BUILT} + '\"'</script>",
    f"<p>Village fair<textarea id=s></textarea><script>s.value = {BUILT}</script>",
    f"<p>Village fair<input id=s><script>s.placeholder = {BUILT}</script>",
    f"<p id=s>Fair<script>s.attachShadow({{mode:'open'}}).innerHTML='<input>';s.shadowRoot.firstChild.value={BUILT}</script>",
]


@pytest.mark.parametrize("way", WAYS)
def test_words_that_only_a_style_or_a_field_shows_stop_it(camera: Camera, site: LocalSite, way: str) -> None:
    """Before and after an element, beside a list, in a field: a sign there stops the capture before any picture is asked for."""
    with pytest.raises(PreflightStopError):
        camera.take(site.page("/p", f"<!doctype html><meta charset=utf-8><title>Fair</title>{way}<img src=/a.png>"))

    assert site.asked == ["/p"]


def test_hidden_words_of_a_style_stop_nothing_and_the_kept_text_has_none(camera: Camera, site: LocalSite) -> None:
    """What nobody sees is no sign; what a style shows is searched, but the text that is kept is the page's own."""
    hidden = f"<style>i{{display:none}} i::before{{content:'{SAID}'}} p::before{{content:'Invented: '}}</style><i>x</i>"
    picture = camera.take(site.page("/p", f"<!doctype html><meta charset=utf-8><title>Fair</title>{hidden}<p>Village fair"))

    assert (picture.evidence.completeness.value, picture.text) == ("full", ["Village fair"])


@pytest.mark.parametrize("kind", ["application/octet-stream", ""])
def test_bytes_that_a_script_fetches_become_no_picture_before_leave(camera: Camera, site: LocalSite, kind: str) -> None:
    """A script gets words and JSON in the first look, and what a redirect leads to; a picture sent as mere bytes only with leave."""

    def answer(handler: Any) -> None:
        """Send a picture that does not say that it is one."""
        body = square((9, 99, 199))
        handler.send_response(200)
        for name, value in (("content-type", kind), ("content-length", str(len(body)))):
            if value:
                handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    def ended(handler: Any) -> None:
        """Note that the script drew it."""
        handler.send_response(204)
        handler.end_headers()

    site.pages["/bytes"], site.pages["/drawn"] = answer, ended
    site.page("/words", '{"say": "nudes"}', content_type="application/json")
    script = f"""fetch('/bytes').then(r => r.blob()).then(createImageBitmap).then(() => fetch('/drawn')).catch(() => 0);
      fetch('/words').then(r => r.json()).then(() => {{ s.textContent = {BUILT} }})"""
    with pytest.raises(PreflightStopError):
        camera.take(
            site.page("/p", f"<!doctype html><meta charset=utf-8><title>Fair</title><p id=s>Village fair</p><script>{script}</script>")
        )

    assert "/bytes" in site.asked
    assert "/drawn" not in site.asked
