"""Is a new post one that was asked away before? Prints of words, and how alike two of them are (domain.md §5.5, policy A20).

A print holds one-way hashes only: of the normalised text, of its groups of four words (shingles), of a short text also of its groups
of five characters, of the addresses of its pictures. Two texts are alike when they share at least 85 % of their groups (Jaccard).

Which items a new post may resemble is found by an index, not by comparing with all: of an item's n groups only the n - ⌈0.85 n⌉ + 4
with the smallest hashes are indexed. A text that shares 85 % of the item's groups shares four of those, so nothing is missed.
Bound: a post asks for at most `MOST_KEYS` keys and is compared with at most `MOST_COMPARED` prints, however many cases there are.
"""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from data.model.cases import Case, CaseItem, CaseState
from data.model.copies import ItemPrint, Match
from data.model.posts import Post
from data.model.readings import Category, Severity

NEAR = 0.85  # §5.5 (P): share of the groups that two texts must have in common
WORDS = 4  # words in a group
SIGNS = 5  # characters in a group
SHORT = 40  # a text of fewer words is compared by characters too: one changed word breaks four of its few groups of words
TELLING = 8  # a text of fewer words tells nothing: many people write "this school is a disgrace"
TELLING_DIFFERENT = 6  # and so many of its words must differ
TELLING_OWN = 4  # where the same account wrote it, and word for word
QUOTED = 12  # a text of fewer words is not looked for inside longer ones
MOST_WORDS = 1_000  # of a text that are looked at
MOST_MEDIA = 20
SHARED = 4  # groups that two texts must share in the index before they are compared at all: one or two are chance
MOST_KEYS = MOST_WORDS + math.ceil(SHORT / NEAR) * 16 + MOST_MEDIA + 2
MOST_COMPARED = 20  # those that share most with it
_ADDRESS = re.compile(r"(https?://|www\.)\S+", re.IGNORECASE)
_BEHIND = frozenset({"www", "m", "mobile", "old", "amp", "new"})

COPY_SAYS: dict[Match, str] = {
    Match.SAME_ADDRESS: "it stands at the address of a post that was removed",
    Match.SAME_TEXT: "the same words as a post that was removed",
    Match.NEAR_TEXT: "almost the same words as a post that was removed",
    Match.QUOTED_TEXT: "the words of a post that was removed stand in it",
    Match.SAME_MEDIA: "the same picture or film as a post that was removed",
    Match.SAME_PICTURE: "a picture that looks like one that was removed",
}
OPEN_SAYS: dict[Match, str] = {match: words.replace("that was removed", "in an open case") for match, words in COPY_SAYS.items()}


@dataclass(frozen=True)
class Resemblance:
    """In what a post resembles an item, how much (1.0 is the same), and whether the same account wrote both."""

    match: Match
    likeness: float
    same_author: bool

    @property
    def is_same_words(self) -> bool:
        """Whether the post as a whole says the same: not a quotation, not merely the same picture or place."""
        return self.match in {Match.SAME_ADDRESS, Match.SAME_TEXT, Match.NEAR_TEXT}


def words_of(text: str) -> list[str]:
    """Return the words that are compared: lower case, without accents, signs, invisible characters and web addresses."""
    plain = unicodedata.normalize("NFKD", _ADDRESS.sub(" ", text))
    kept = "".join(sign for sign in plain if not unicodedata.combining(sign) and unicodedata.category(sign) != "Cf")
    return re.findall(r"[^\W_]+", kept.casefold())[:MOST_WORDS]


def print_of(item: CaseItem, post: Post | None, *, school_id: str, now: datetime) -> ItemPrint:
    """Return the print of a case's item: of its post's words as they are now, or of its address alone."""
    words = words_of(post.text) if post is not None else []
    return ItemPrint(
        id=item.id,
        case_id=item.case_id,
        school_id=school_id,
        post_id=post.id if post is not None else None,
        author=author_of(post) if post is not None else None,
        address=_hashed("a", post.address if post is not None else item.address),
        words=len(words),
        text=_hashed("t", " ".join(words)) if len(words) >= TELLING_OWN else None,
        grams=_grams(words) if _tells(words) else (),
        signs=_signs(words) if _tells(words) and len(words) < SHORT else (),
        media=media_of(post) if post is not None else (),
        made_at=now,
    )


def print_of_post(post: Post, now: datetime) -> ItemPrint:
    """Return the print of a new post; short or long, it is compared by characters with whatever is short."""
    item = CaseItem(id=f"post-{post.id}", case_id="", post_id=post.id, address=post.address, platform=post.platform, added_at=now)
    made = print_of(item, post, school_id="", now=now)
    words = words_of(post.text)
    return made if not _tells(words) or len(words) > SHORT / NEAR else made.model_copy(update={"signs": _signs(words)})


def whole_keys(made: ItemPrint) -> tuple[str, ...]:
    """Return the keys of which one in common is enough: address, words as a whole, pictures."""
    return (made.address, *((made.text,) if made.text else ()), *made.media, *made.pictures)


def keys_of_item(made: ItemPrint) -> tuple[str, ...]:
    """Return the keys under which an item stands in the index."""
    return (*whole_keys(made), *_fewest(made.grams), *_fewest(made.signs))


def groups_of_post(made: ItemPrint) -> tuple[str, ...]:
    """Return the groups with which a new post asks the index, of which `SHARED` must be in common.

    All of its groups of words, so that a quotation in a longer text is found too; of those of characters only the smallest.
    """
    return (*made.grams, *_fewest(made.signs))[:MOST_KEYS]


def resemblance(new: ItemPrint, known: ItemPrint) -> Resemblance | None:
    """Return in what a new post resembles an item of a case, the strongest first; None when in nothing that tells."""
    same_author = new.author is not None and new.author == known.author
    by_words = _by_words(new, known, same_author=same_author)
    if new.address == known.address:
        if by_words is not None and by_words[0] is not Match.QUOTED_TEXT:
            return Resemblance(Match.SAME_ADDRESS, by_words[1], same_author)
        return Resemblance(Match.SAME_ADDRESS, 0.0, same_author)
    if by_words is not None:
        return Resemblance(*by_words, same_author)
    if set(new.pictures) & set(known.pictures):
        return Resemblance(Match.SAME_PICTURE, 1.0, same_author)
    return Resemblance(Match.SAME_MEDIA, 1.0, same_author) if set(new.media) & set(known.media) else None


def _by_words(new: ItemPrint, known: ItemPrint, *, same_author: bool) -> tuple[Match, float] | None:
    shortest = TELLING_OWN if same_author else TELLING
    if new.text is not None and new.text == known.text and known.words >= shortest and (same_author or known.grams):
        return Match.SAME_TEXT, 1.0
    alike = max(_jaccard(new.grams, known.grams), _jaccard(new.signs, known.signs))
    if alike >= NEAR:
        return Match.NEAR_TEXT, alike
    inside = _contained(known.grams, new.grams) if known.words >= QUOTED else 0.0
    return (Match.QUOTED_TEXT, inside) if inside >= NEAR else None


def is_automatic(found: Resemblance, case: Case, first_seen_at: datetime) -> bool:
    """Whether the system may open the linked case by itself (§5.3), or a person must look first.

    By itself only where nobody else can be meant: the same account says the same again, or the same words stand at the same address
    again, after the case ended with a removal. The same words by another account may be a news report, a quotation that condemns, a
    screenshot passed on in worry: whoever wrote that is not the one who was asked to stop. The same picture, words inside a longer
    text, or another text at the old address say less still. And to a case that is open a person adds what belongs to it.
    """
    again = case.gone_observed_at is not None and first_seen_at > case.gone_observed_at
    same = found.likeness >= NEAR and found.is_same_words
    return again and was_removed(case) and same and (found.same_author or found.match is Match.SAME_ADDRESS)


def was_removed(case: Case) -> bool:
    """Whether the case ended, or stands, with its post gone or amended."""
    ended = {CaseState.VERIFIED_REMOVED, CaseState.VERIFIED_AMENDED, CaseState.CLOSED}
    return case.state in ended and case.gone_observed_at is not None


def may_match(case: Case) -> bool:
    """Whether posts are compared with a case at all: never in a case that was stopped, whatever else is known of it (§5.5)."""
    return not case.stop and case.lead_category is not Category.CSAM


def severity_again(severity: Severity) -> Severity:
    """Return the severity of what came back: one higher, at most critical (§5.5)."""
    return Severity(min(severity + 1, Severity.S4))


def author_of(post: Post) -> str | None:
    """Return a hash that stands for the account that wrote a post; None when only a display name is known, which anyone can take."""
    account = post.author_id or post.author_handle
    if not account:
        return None
    whole = "://" in account or account.startswith("did:") or account.lstrip("@").count("@") == 1
    return _hashed("u", f"{post.platform}|{'' if whole else _site(post.permalink)}|{account.casefold().lstrip('@')}")


def media_of(post: Post) -> tuple[str, ...]:
    """Return hashes of the addresses of a post's pictures and films."""
    return tuple(dict.fromkeys(_hashed("m", one.url) for one in post.media))[:MOST_MEDIA]


@dataclass(frozen=True)
class Earlier:
    """What was removed before in the same matter: the numbers of the cases, how many of them by the account that wrote this one."""

    refs: tuple[str, ...] = ()
    by_same_author: int = 0

    @property
    def says(self) -> str:
        """A line for the case, empty when nothing was removed before. Two earlier removals shorten the section 5 way (§2.2)."""
        if not self.refs:
            return ""
        times = {1: "once", 2: "twice"}.get(len(self.refs), f"{len(self.refs)} times")
        before = f"Removed {times} before ({', '.join(self.refs)})"
        if self.by_same_author >= SECTION_5_REMOVALS:
            return f"{before}, at least twice by the same account: under section 5 an operator removes it without asking the poster."
        return f"{before}."


SECTION_5_REMOVALS = 2  # Schedule to SI 2013/3028, as domain.md §2.2 gives it: re-posted after two earlier removals


def earlier(case: Case, family: Iterable[Case], authors: dict[str, set[str]]) -> Earlier:
    """Return which cases of a family ended in a removal before this case was opened; `authors` holds each case's accounts (hashes)."""
    before = [one for one in family if one.id != case.id and one.gone_observed_at is not None and one.gone_observed_at <= case.opened_at]
    mine = authors.get(case.id, set())
    ordered = sorted(before, key=lambda one: (one.opened_at, one.ref))
    return Earlier(tuple(one.ref for one in ordered), sum(bool(mine & authors.get(one.id, set())) for one in ordered))


def _tells(words: Sequence[str]) -> bool:
    return len(words) >= TELLING and len(set(words)) >= TELLING_DIFFERENT


def _grams(words: Sequence[str]) -> tuple[str, ...]:
    found = _distinct("w", (" ".join(words[start : start + WORDS]) for start in range(len(words) - WORDS + 1)))
    return found if len(found) >= SHARED else ()


def _signs(words: Sequence[str]) -> tuple[str, ...]:
    text = " ".join(words)[: SHORT * 16]
    return _distinct("c", (text[start : start + SIGNS] for start in range(len(text) - SIGNS + 1)))


def _distinct(kind: str, groups: Iterable[str]) -> tuple[str, ...]:
    """Return the hashes of the groups, each once, smallest first: the order in which `_fewest` takes them."""
    return tuple(sorted({_hashed(kind, group) for group in groups}))


def _fewest(groups: Sequence[str]) -> Sequence[str]:
    """Return the groups that must be indexed so that a text sharing `NEAR` of them shares `SHARED` of these (prefix filtering)."""
    least = -(-round(NEAR * 100) * len(groups) // 100)  # ⌈0.85 n⌉ in whole numbers: a float may lie a hair above
    return groups[: len(groups) - least + SHARED]


def _jaccard(one: Sequence[str], other: Sequence[str]) -> float:
    if not one or not other:
        return 0.0
    first, second = set(one), set(other)
    return len(first & second) / len(first | second)


def _contained(inner: Sequence[str], outer: Sequence[str]) -> float:
    return len(set(inner) & set(outer)) / len(set(inner)) if inner else 0.0


def _hashed(kind: str, value: str) -> str:
    return f"{kind}{hashlib.blake2b(value.encode('utf-8', 'replace'), digest_size=8).hexdigest()}"


def _site(address: str) -> str:
    try:
        host = (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""
    first, _, rest = host.partition(".")
    return rest if first in _BEHIND and "." in rest else host
