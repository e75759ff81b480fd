"""Is the post still on its web page? One careful answer for every adapter and for evidence.

Only 404 and 410 say *removed*, and not even those while the page still shows the post's words. A login or consent wall, a refusal,
a fault, a time-out, a redirect to the home page, a blank page or a page about something else says that *we* cannot see the post,
which is never a removal (platforms.md §1.5, §12.4; domain.md §5.5).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from collector.client import Answer, Client
from collector.errors import CollectError, RateLimitedError, SourceUnavailableError
from collector.pace import retry_at
from collector.platform import Looked
from collector.text import html_to_text, soup_of, text_of
from data.model.cases import Verdict

METHOD = "web page"
ITEM_METHOD = "item on the page"  # one item of a page that lists several
PAGE_METHODS = frozenset({METHOD, ITEM_METHOD})  # ways of looking that have asked the web page already
SAME_ENOUGH = 0.6  # share of the post's word groups that must still be there to call it edited rather than out of sight
SHINGLE = 3  # words in a group
TELLING = 8  # so many words of a post on a page that answers 404 are no accident
WALL_WORDS = 200  # a wall says little else

_GONE = {404: "not found", 410: "gone for good"}
_WALLS = frozenset({401, 402, 403, 407, 451})
_FAULTS = frozenset({408, 425, 429})
_REST = frozenset({429, 503})  # these may say until when (RFC 9110 §10.2.3)
_READABLE = frozenset({200, 203})
_WALL_PATH = re.compile(
    r"(^|/)(log-?in|sign-?in|signup|sign-up|register|auth|oauth\d?|sso|session[s]?|account[s]?/login|checkpoint|challenge|captcha|consent|"
    r"cookie-?(wall|consent)|age-?(gate|check|verification)|gdpr|privacy-?wall|blocked)([/.?_-]|$)",
    re.IGNORECASE,
)
_HOME_PATH = re.compile(r"/?((index|default|home)(\.\w{2,5})?/?)?", re.IGNORECASE)
_SOFT_404 = re.compile(
    r"not found|page (is )?not available|isn.?t available|no longer (available|exists?)|doesn.?t exist|does not exist|could not be found|"
    r"can.?t be found|couldn.?t find|has been (removed|deleted)|was (removed|deleted)|content unavailable|error 404|\b404\b",
    re.IGNORECASE,
)
_LOGIN_WORDS = re.compile(r"\b(log ?in|sign ?in|password|create an account|join now|members only)\b", re.IGNORECASE)
_CONSENT_WORDS = re.compile(r"\b(cookies?|consent|accept all|before you continue|your privacy)\b", re.IGNORECASE)
_AGE_WORDS = re.compile(
    r"\b(over 18|18\+|your age|date of birth|years? or older|age.?restricted|mature content)\b|\b18 or over\b", re.IGNORECASE
)
_PLACE_WORDS = re.compile(
    r"\b(in|from|for|within) your (country|region|location|area)\b|geo.?(block|restrict)|not available in the (uk|united kingdom)|"
    r"legal reasons in",
    re.IGNORECASE,
)
_ROBOT_WORDS = re.compile(
    r"captcha|verify (that )?you.?(re| are) (a )?human|not a robot|checking your browser|unusual traffic|just a moment|"
    r"enable javascript and cookies|security check|ddos protection|attention required",
    re.IGNORECASE,
)
_ACCOUNT_WORDS = re.compile(
    r"\b(account|user|profile|member) (has been |was |is |is currently )?(suspended|banned|deactivated|disabled|unavailable)\b",
    re.IGNORECASE,
)
_WALLED: tuple[tuple[re.Pattern[str], str], ...] = (  # the first that fits says why the post is not to be seen
    (_ROBOT_WORDS, "The page wants to know that a person is looking."),
    (_AGE_WORDS, "The page asks for the visitor's age first."),
    (_PLACE_WORDS, "The page says that it is not shown in this country."),
    (_ACCOUNT_WORDS, "The page says that the account was suspended or switched off, but answers as if all were well (200)."),
    (_SOFT_404, "The page says that something was not found or was removed, but answers as if all were well (200)."),
    (_LOGIN_WORDS, "The page asks for signing in."),
    (_CONSENT_WORDS, "The page asks for consent first."),
)


@dataclass(frozen=True)
class Likeness:
    """How much of a post's words a text still holds: `whole` when all of them, else the share of word groups."""

    whole: bool
    share: float


def likeness(post_text: str, page_text: str) -> Likeness:
    """Compare the words, whatever their case, accents, punctuation and white space; each paragraph of the post may stand anywhere."""
    page = f" {' '.join(_words(page_text))} "
    blocks = [words for words in (_words(block) for block in re.split(r"\n\s*\n", post_text)) if words]
    if blocks and all(f" {' '.join(block)} " in page for block in blocks):
        return Likeness(whole=True, share=1.0)
    words = _words(post_text)
    return Likeness(whole=False, share=_share(words, page.split()))


def judge_page(answer: Answer, post_text: str | None, asked: str) -> Looked:
    """Say what `answer`, got for the post's address `asked`, shows of a post with the text `post_text` (None: not known)."""
    status = answer.status
    if _led_away(answer, asked):
        return _looked(Verdict.NOT_VISIBLE_TO_US, answer, "The address led to a home, login or consent page instead of the post.")
    if status in _GONE:
        return _judge_gone(answer, post_text)
    if status in _FAULTS or status >= 500:  # noqa: PLR2004 - RFC 9110 §15.6
        found = _looked(Verdict.UNREACHABLE, answer, f"The site could not answer just now ({status}). This is not a removal.")
        return replace(found, retry_at=retry_at(answer.headers, answer.at)) if status in _REST else found
    if status in _WALLS:
        return _looked(Verdict.NOT_VISIBLE_TO_US, answer, f"The page is behind a wall ({status}). This is not a removal.")
    if status not in _READABLE:
        return _looked(Verdict.NOT_VISIBLE_TO_US, answer, f"The page gave an answer that shows nothing ({status}).")
    return _judge_text(answer, post_text)


def judge_text(answer: Answer, old_text: str, new_text: str, method: str) -> Looked:
    """Say whether a post whose exact text we were given is the same or was edited."""
    if _words(old_text) == _words(new_text):
        return Looked(Verdict.PRESENT, method, answer.status, "The post is still there, with the same words.", answer.record())
    return Looked(Verdict.EDITED, method, answer.status, "The post is still there, but its words have changed.", answer.record())


def look_at_page(address: str, post_text: str | None, client: Client) -> Looked:
    """Ask the post's web page once and judge the answer; an error becomes an honest *unknown*. Raises no CollectError."""
    try:
        answer = client.look(address, accept="text/html,application/xhtml+xml,*/*;q=0.8")
    except CollectError as error:
        return not_seen(error, METHOD)
    return judge_page(answer, post_text, address)


def not_seen(error: CollectError, method: str) -> Looked:
    """Turn an error into the verdict that it allows: unreachable or not visible to us, never a removal."""
    away = isinstance(error, SourceUnavailableError | RateLimitedError)
    verdict = Verdict.UNREACHABLE if away else Verdict.NOT_VISIBLE_TO_US
    rest = error.retry_at if isinstance(error, RateLimitedError) else None
    return Looked(verdict, method, getattr(error, "status", None), f"No answer that shows the post: {error}.", retry_at=rest)


def page_text(answer: Answer) -> str:
    """Return the words of a page: title, descriptions in its head (pages drawn by script carry the text there), and body."""
    if not answer.is_html:
        return html_to_text(answer.text) if "<" in answer.text[:2000] else answer.text
    soup = soup_of(answer.text)
    title = soup.title.get_text() if soup.title else ""
    described = [
        str(tag.get("content", "")) for tag in soup.find_all("meta", limit=200) if _describes(str(tag.get("name") or tag.get("property")))
    ]
    return "\n\n".join([title, *described, text_of(soup)])


def _describes(name: str) -> bool:
    return name.lower() in {"description", "og:title", "og:description", "twitter:title", "twitter:description"}


def _judge_gone(answer: Answer, post_text: str | None) -> Looked:
    """404 and 410 are definitive, unless everybody who opens the address can still read the post, or only robots are sent away."""
    shown, words = page_text(answer), _words(post_text or "")
    found = likeness(post_text or "", shown)
    if len(words) >= TELLING and (found.whole or found.share >= SAME_ENOUGH):
        verdict = Verdict.PRESENT if found.whole else Verdict.EDITED
        return _looked(verdict, answer, f"The page answers {answer.status}, but it still shows the words of the post.")
    if _ROBOT_WORDS.search(shown) and len(_words(shown)) < WALL_WORDS:
        return _looked(Verdict.NOT_VISIBLE_TO_US, answer, f"{_WALLED[0][1]} This is not a removal.")
    return _looked(Verdict.REMOVED_UNKNOWN, answer, f"The page answers {answer.status} ({_GONE[answer.status]}).")


def _judge_text(answer: Answer, post_text: str | None) -> Looked:
    shown = page_text(answer)
    if not _words(post_text or ""):
        return _judge_without_text(answer, shown)
    found = likeness(post_text or "", shown)
    if found.whole:
        moved = " It has moved to another address for good." if answer.moved_to else ""
        return _looked(Verdict.PRESENT, answer, f"The page still shows the words of the post.{moved}")
    if found.share >= SAME_ENOUGH:
        return _looked(Verdict.EDITED, answer, f"The page shows a changed text: about {found.share:.0%} of the words are still there.")
    return _looked(Verdict.NOT_VISIBLE_TO_US, answer, f"{_why(shown)} The words of the post are not on it. A person should look.")


def _judge_without_text(answer: Answer, shown: str) -> Looked:
    words = _words(shown)
    if not words or _SOFT_404.search(shown) or (len(words) < WALL_WORDS and any(words_of.search(shown) for words_of, _ in _WALLED)):
        return _looked(Verdict.NOT_VISIBLE_TO_US, answer, f"{_why(shown)} A person should look.")
    return _looked(Verdict.PRESENT, answer, "The page is still there; the post has no text to compare.")


def _why(shown: str) -> str:
    if not _words(shown):
        return "The page is blank."
    return next((why for words_of, why in _WALLED if words_of.search(shown)), "The page shows something else.")


def _led_away(answer: Answer, asked: str) -> bool:
    """Whether redirects ended somewhere that cannot speak for the post."""
    if not answer.hops:
        return False
    start, end = urlsplit(asked), urlsplit(answer.address)
    if _WALL_PATH.search(end.path) and not _WALL_PATH.search(start.path):
        return True
    if answer.status in _GONE and _site(start.hostname) != _site(end.hostname):
        return True  # another site's 404 says nothing about this one
    same_page = (start.path.rstrip("/"), start.query) == (end.path.rstrip("/"), end.query)
    return not same_page and bool(_HOME_PATH.fullmatch(end.path)) and not end.query


def _site(host: str | None) -> str:
    return (host or "").lower().removesuffix(".").removeprefix("www.").removeprefix("m.")


def _looked(verdict: Verdict, answer: Answer, detail: str) -> Looked:
    return Looked(verdict, METHOD, answer.status, detail, answer.record())


def _words(text: str) -> list[str]:
    """Lower-case words without accents, in order."""
    plain = text.casefold() if text.isascii() else _unaccented(text)
    return re.findall(r"\w+", plain)


def _unaccented(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text)
    return "".join(c for c in parts if not unicodedata.combining(c) and unicodedata.category(c) != "Cf").casefold()


def _share(words: list[str], page: list[str]) -> float:
    size = min(SHINGLE, max(1, len(words) // 2))
    groups = [tuple(words[i : i + size]) for i in range(len(words) - size + 1)]
    if not groups:
        return 0.0
    there = {tuple(page[i : i + size]) for i in range(len(page) - size + 1)}
    return sum(group in there for group in groups) / len(groups)
