"""Text first: what a page says is read before any of its pictures may be loaded (evidence.md §8.3, domain.md §5.7 rule 1).

The page is loaded once with pictures, media and fonts blocked. Its title, its text, the descriptions of its pictures and its links are
searched for signs of an indecent picture. A sign turns a person's "no" into STOP: better one page too many than one picture.

What is found is named by its cue and its place («nudes:text»); no word of the page is ever kept or said.
Searched are the reader's own stop cues (`nlp`) and the signs of whole pages in `page_signs.toml`; neither needs a language pipeline, so
that a worker, a command and a scheduled look read alike. Pages that report on the subject or teach about it are let be, unless a sentence
offers or asks for pictures.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from urllib.parse import unquote

from nlp.cues import Hit, Lexicon, lexicon
from nlp.normal import Folded, fold
from nlp.triggers import Gate
from nlp.vocabulary import common_words

__all__ = ["PageWords", "said", "signals"]

_FILE = Path(__file__).parent / "page_signs.toml"
_STOP_CUES = "stop_cue"  # nlp's own list
_OFFER, _SEXUAL = "offer", "sexual"  # in page_signs.toml: no signs by themselves; nothing excuses the sentence that holds an offer
_NO_SIGNS = frozenset({_OFFER, _SEXUAL})
_SHARES = re.compile(
    r"^https?://(?:[\w-]+\.)*(?:mega\.(?:nz|io)|gofile\.io|dropbox\.com|drive\.google\.com|mediafire\.com|pixeldrain\.com|terabox\.com"
    r"|1024tera\.com|wetransfer\.com|we\.tl|anonfiles\.com|bunkrr?\.\w+|cyberdrop\.\w+|cyberfile\.\w+|krakenfiles\.com|icloud\.com|1drv\.ms"
    r"|t\.me|telegram\.me|discord\.(?:gg|com)|kik\.me|files\.fm|filemail\.com|send\.cm|upload\.ee)(?:[:/?#]|$)",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.!?\n\r\u2028\u2029]+[.!?]*")
_WORDS = re.compile(r"[^\W_]+")
_HIDDEN = re.compile(r"[^\W\d_][@$!|+€*#%•●\d]+[^\W\d_]|(?<!\w)\w(?:[ ._*/|~-]{1,3}\w){3,}(?!\w)")  # «n*des», «n u d e s»
_MOST_HIDDEN = 30_000  # characters in which disguises are undone: beyond that they say nothing new, and undoing them is slow
_LONGEST = 1_000  # characters of a sentence; longer ones are read in pieces that overlap
_OVERLAP = 200
_ENOUGH = 40  # sentences looked at before the first sign found is enough: hostile text could hold thousands
_NEAR = 2  # sentences before and after in which reporting words excuse
_RATED = re.compile(r"rta-5042|^(?:adult|mature|restricted|nsfw|porn|sexual|nudity|graphic-media)$", re.IGNORECASE)
_PLACES = {
    "address": "in the page's address",
    "title": "in the page's title",
    "text": "in the page's text",
    "picture": "in the description of a picture",
    "link": "in a link",
    "label": "by the page's own label",
}
_OWN = {"file share": "a link to shared files beside sexual words", "adult": "marked as sexual or for adults"}


@dataclass(frozen=True)
class PageWords:
    """What a page says without its pictures: its address, title and text, the descriptions of its pictures, and its links.

    `links`: the words of each link and the address it leads to, each by itself. `labels`: how the page is rated by
    its own makers or its platform («adult», «nsfw»).
    """

    address: str
    title: str
    text: str
    alts: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


def signals(words: PageWords) -> tuple[str, ...]:
    """Return the signs of an indecent picture as «cue:place», each once, sorted; empty: none. Never raises on any text."""
    teaches = any(_reports(sentence) for sentence in _sentences(words.title))
    found = {f"{cue}:{place}" for place, text in _parts(words) for cue in _cues(text, excused=teaches)}
    found |= {f"{cue}:text" for cue in _cues(_unmasked(words.text), excused=teaches)}
    found |= {"file share:link"} if not teaches and _shares(words) else set()
    found |= {"adult:label" for label in words.labels if _RATED.search(label.strip())}
    return tuple(sorted(found))


def said(signal: str) -> str:
    """Return one sign in plain words for a screen: what kind it is and where it stood, none of the page's own words."""
    cue, _, place = signal.partition(":")
    why = _OWN.get(cue) or next((words.cues[cue].why for words in _lists() if cue in words.cues), cue)
    return f"{why} ({_PLACES.get(place, place)})"


def _parts(words: PageWords) -> Iterator[tuple[str, str]]:
    """Yield each text of the page with the name of its place."""
    yield "address", _spoken(words.address)
    yield "title", words.title
    yield "text", words.text
    yield "picture", "\n".join(words.alts)
    yield "link", "\n".join(_spoken(link) for link in words.links)


def _spoken(address: str) -> str:
    """Return the words of an address's path: `/y9-leaked-nudes/` says what it says; anything else as it is."""
    _, is_address, rest = address.partition("://")
    return " ".join(_WORDS.findall(unquote(rest.partition("/")[2], errors="replace"))) if is_address else address


def _cues(text: str, *, excused: bool) -> set[str]:
    """Return the names of the cues in the text. `excused`: the whole page teaches or reports, so that speaking of it is no sign."""
    sentences = list(_sentences(text))
    names: set[str] = set()
    for looked, place in enumerate(_worth(sentences)):
        if names and looked > _ENOUGH:
            break
        hits = _hits(sentences[place])
        if hits and (
            _offers(sentences[place]) or not (excused or any(map(_reports, sentences[max(0, place - _NEAR) : place + _NEAR + 1])))
        ):
            names.update(hit.cue.name for hit in hits)
    return names


def _worth(sentences: Sequence[str]) -> list[int]:
    """Return which sentences may hold a sign: one quick look over all, where asking each takes three times as long."""
    if not sentences:
        return []
    ends = list(accumulate(len(sentence) + 1 for sentence in sentences))
    parts = [(end - len(sentence) - 1, end) for sentence, end in zip(sentences, ends, strict=True)]
    return [place for place, opened in enumerate(_gate().open_within("\n".join((*sentences, "")), parts)) if opened]


def _hits(sentence: str) -> list[Hit]:
    """Return the hits that are signs by themselves, without those that an everyday meaning takes away: a shade, a picture of a hall."""
    everyday = [match.span() for match in _everyday().finditer(sentence)]
    return [hit for hit in _found(sentence) if not any(start < hit.end and hit.start < end for start, end in everyday)]


def _found(sentence: str) -> Iterator[Hit]:
    """Yield the hits of both lists; the reader's own spares for harmless hits hold, those for its whole sentences are judged here."""
    reader, own = _lists()
    harmless = [match.span() for spare in reader.spares if spare.scope == "hit" for match in spare.pattern.finditer(sentence)]
    yield from (hit for hit in reader.found(sentence) if not any(start < hit.end and hit.start < end for start, end in harmless))
    yield from (hit for hit in own.found(sentence) if hit.cue.name not in _NO_SIGNS)


def _offers(sentence: str) -> bool:
    return _OFFER in _own_list().firsts(sentence)


def _reports(sentence: str) -> bool:
    return _own_list().spares[0].pattern.search(sentence) is not None


def _shares(words: PageWords) -> bool:
    """Whether the page links to shared files and has sexual words, taken together a sign (evidence.md §8.3)."""
    if not any(_SHARES.search(link.strip()) for link in words.links):
        return False
    return any(_is_sexual(sentence) for _, text in _parts(words) for sentence in _sentences(text))


def _is_sexual(sentence: str) -> bool:
    return (
        _own_list().cues[_SEXUAL].pattern.search(sentence) is not None and not _reports(sentence) and _everyday().search(sentence) is None
    )


def _sentences(text: str) -> Iterator[str]:
    """Yield the text made plain, sentence by sentence; what has no end is cut, with an overlap so that no phrase is cut in two."""
    for match in _SENTENCE.finditer(text):
        plain = fold(match[0]).strip()
        yield from (plain[start : start + _LONGEST] for start in range(0, max(1, len(plain)), _LONGEST - _OVERLAP))


def _unmasked(text: str) -> str:
    """Return the lines that hide words («n*des»), with the words undone."""
    hidden = "\n".join(line for line in text.splitlines() if _HIDDEN.search(line))[:_MOST_HIDDEN]
    return Folded.unmasked(hidden, common_words()).text


@cache
def _own_list() -> Lexicon:
    return Lexicon("page_signs", tomllib.loads(_FILE.read_text(encoding="utf-8")))


@cache
def _everyday() -> re.Pattern[str]:
    return _own_list().spares[1].pattern


@cache
def _gate() -> Gate:
    return Gate([words.phrases[n] for words in _lists() for n in words.of(words.cues.keys() - _NO_SIGNS, range(len(words.phrases)))])


@cache
def _lists() -> tuple[Lexicon, ...]:
    return lexicon(_STOP_CUES), _own_list()
