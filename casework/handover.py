"""The papers that a person takes away who must file a report themselves (A19): one ZIP with a PDF to read, the words, the copies.

The person needs no account here. Nothing in it comes from inside the case but what stands below; what is left out is said. Where a
working copy with parts covered was made, its picture goes out and not the original's; without one, a picture that may show a child stays.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from datetime import datetime

from casework.referrals import is_childs
from casework.triage import TARGETS
from casework.working_days import LONDON
from data.model.care import PersonalFiling
from data.model.cases import Case, CaseItem
from data.model.evidence import Evidence
from data.model.posts import Post
from data.model.watch import School
from evidence.guard import ADULT
from evidence.pdf import Block, Bullets, Document, Figure, Heading, Paragraph, Quote, Rows, pdf
from evidence.stored_zip import write

PICTURE = "screen-as-seen.png"  # the first screen of the page, as `evidence.photograph` names it
READ_ME, WORDS, TRANSCRIPT, PICTURE_NAME = "read-me-first.pdf", "words-to-paste.txt", "what-the-post-said.txt", "how-the-page-looked.png"

SAFE_WORDING: tuple[str, ...] = (
    "Write what it says and why it is wrong. Short and calm works best.",
    "Do not threaten, and do not say what you suspect of the person who posted it.",
    "Name no pupil and no other colleague. Give no home address, telephone number or date of birth.",
    "Do not answer the post, and do not ask others to report it in your name.",
    "Your name may be passed on to the person who posted it. Ask your helper if that worries you, before you send.",
)
NO_PASSWORD = "Keep your password to yourself. Nobody at school needs it, and nobody may ask for it."  # noqa: S105 - A25: never asked for
FREE = "You may say no at any time, and nobody will hold it against you. Then the school looks for another way."


@dataclass(frozen=True)
class HandOver:
    """What the papers are made of. `picture` is the bytes of the page's picture, where it may be given at all.

    `covered`: whether picture and words are those of a working copy, in which others cannot be recognised (domain.md §5.7 rule 5).
    """

    filing: PersonalFiling
    case: Case
    school: School
    item: CaseItem
    helper: str
    post: Post | None = None
    evidence: Evidence | None = None
    picture: bytes | None = None
    covered: bool = False

    @property
    def may_show(self) -> bool:
        """Whether its picture may be given."""
        return may_show_picture(self.case, covered=self.covered)

    @property
    def left_out(self) -> tuple[str, ...]:
        """What is not among the papers, and why."""
        words = ["everything else in the school's file, and the names of others"]
        if self.may_show and self.picture is None:
            words.append("a picture of the page: none was kept")
        if self.covered:
            words.append("parts of the picture and some names: they are covered, since others could be recognised")
        if not self.may_show:
            words.append("the picture of the page: a child may be seen in it")
        if self.post is None:
            words.append("the text of the post: the school knows only the address")
        return tuple(words)


def may_show_picture(case: Case, *, covered: bool = False) -> bool:
    """Whether the picture of the page may be given: never after a STOP, or where it may be intimate (§5.7).

    Where a child is concerned only a working copy may, in which a person covered what others could be recognised by.
    """
    return (covered or not is_childs(case)) and not case.stop and case.lead_category not in ADULT


def papers_name(case: Case) -> str:
    """Return the file name: the case's number, nobody's name."""
    return f"Schoolwatch-{case.ref}-papers.zip"


def papers(hand: HandOver, now: datetime) -> bytes:
    """Return the ZIP; the same facts at the same moment give the same bytes. Raises PdfError, EvidenceError."""
    content = io.BytesIO()
    write(content, _files(hand, now).items())
    return content.getvalue()


def _files(hand: HandOver, now: datetime) -> dict[str, bytes]:
    found = {READ_ME: pdf(document(hand, now)), WORDS: _text(hand.filing.words)}
    if hand.post is not None:
        found[TRANSCRIPT] = _text(_transcript(hand))
    if hand.picture is not None and hand.may_show:
        found[PICTURE_NAME] = hand.picture
    return found


def document(hand: HandOver, now: datetime) -> Document:
    """Return the sheet to read: what to do, the words, what is safe to write, the copies, the help."""
    return Document(
        title="Your own report: how to make it",
        blocks=(*_what_to_do(hand), *_words(hand), *_copies(hand), *_help(hand)),
        made_at=now,
        author=hand.school.name,
        footer=f"{hand.case.ref} · made {_uk(now)}",
    )


def _what_to_do(hand: HandOver) -> tuple[Block, ...]:
    filing = hand.filing
    where = filing.link or "the page for reports of the site where the post stands"
    rows = [("Where to report", where), ("Address of the post", hand.item.address), ("Your helper", hand.helper)]
    rows += [("Please report by", f"{_uk(filing.reply_by)}. Later is better than not at all.")] if filing.reply_by else []
    steps = (
        "Read this sheet to the end. If you do not want to do it, tell your helper.",
        f"Open {where} in your own browser, and sign in as yourself if it asks for that.",
        "Give the address of the post exactly as it stands above.",
        "Paste the words below. Change whatever is not right: it is your report.",
        "Write down the number that you are given, the day and the time.",
        "Tell your helper the number. The school then looks by itself whether the post is gone.",
    )
    return (
        Paragraph(f"This site acts only when the person concerned asks. The school helps you with everything around it. {FREE}"),
        Rows((*rows, ("Number at the school", hand.case.ref))),
        Heading("What to do"),
        Bullets(steps, numbered=True),
    )


def _words(hand: HandOver) -> tuple[Block, ...]:
    return (
        Heading("Words that you may paste"),
        Quote(hand.filing.words),
        Heading("What is safe to write"),
        Bullets((*SAFE_WORDING, NO_PASSWORD)),
    )


def _copies(hand: HandOver) -> tuple[Block, ...]:
    blocks: list[Block] = [Heading("The copy that the school keeps for you")]
    if hand.evidence is not None:
        kept = hand.evidence
        rows = (("Kept", f"{_uk(kept.captured_at)}, number {kept.ref}"), ("Witness code (SHA-256 of its seal)", kept.seal_sha256))
        blocks.append(Rows(rows))
    if hand.post is not None:
        blocks += [Paragraph("The post said:"), Quote(hand.post.text)]
    if hand.picture is not None and hand.may_show:
        words = f"Picture of the page at the address above. The text of the post: {hand.post.text[:1_000] if hand.post else 'not known'}"
        blocks.append(Figure(hand.picture, words, "How the page looked"))
    return (*blocks, Paragraph("Left out of these papers:"), Bullets(hand.left_out))


def _help(hand: HandOver) -> tuple[Block, ...]:
    return (
        Heading("Help for you"),
        Bullets(
            (
                f"{hand.helper} is there for you, before, while and after you report.",
                "Ask for a talk with your line manager, counselling, occupational health or your union, as you like. It is offered to you.",
                "If you feel in danger, ring 999. To speak to the police otherwise, ring 101; the school comes with you if you want.",
            )
        ),
    )


def _transcript(hand: HandOver) -> str:
    post, kept = hand.post, hand.evidence
    if post is None:
        return ""
    seal = f"Witness code: {kept.ref}, SHA-256 {kept.seal_sha256}\n" if kept else ""
    shown = post.author_handle or post.author_name or "not known"
    return f"Address: {hand.item.address}\nShown as author: {shown}\nFirst seen: {_uk(post.first_seen_at)}\n{seal}\n{post.text}\n"


def _text(words: str) -> bytes:
    return words.encode("utf-8", "replace")


def _uk(moment: datetime) -> str:
    local = moment.astimezone(LONDON)
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M} UK time"


def sha256(content: bytes) -> str:
    """Return the SHA-256 of the papers, as the filing keeps it."""
    return hashlib.sha256(content).hexdigest()


def person_words(filing: PersonalFiling) -> str:
    """Return who files, as a role: no name stands in lists."""
    return TARGETS.get(filing.person, "a member of staff")
