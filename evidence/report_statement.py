"""The statement of method at the end of a report, to be read, corrected and signed by the person who captured; and the words of the trade.

What it says a capture can and cannot show is that of evidence.md §6, in plain words. None of it is independent of the school: said so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evidence.pdf import Block, Bullets, Heading, PageBreak, Paragraph, Rows

MAX_SIGNERS = 10
CAN_SHOW = (
    "that a computer of the school received this content from this address at this time, without signing in anywhere;",
    "that no file was changed since it was sealed, by anybody who does not hold the key of this installation;",
    "with a time stamp: that the seal existed at the time that an outside authority vouches for.",
)
CANNOT_SHOW = (
    "who wrote the post, or whether what it says is true;",
    "that a page was not forged before it was captured, by the poster or by a false server, or shown to us alone;",
    "the right time where no time stamp exists and the computer's clock was wrong;",
    "that no other capture was made and thrown away before it was entered in the register;",
    "honesty of somebody who holds the key, the register, the witness codes sent to a second person, and every backup;",
    "that what a person stated about it is right. The school is not independent of the case.",
)
CLOCKS = (
    "Each time is given twice: in UTC, the world's common time, and as clocks in the UK showed it. Both come from the clock of the "
    "school's computer. How long a capture took was measured by a second clock that nobody can set. Files that the browser wrote "
    "(page.mhtml) may carry a time of the browser's own; where it differs by some seconds, that is why."
)
DEMO_CLOCKS = (
    "Each time is given twice: in UTC, the world's common time, and as clocks in the UK would show it. Both are the demo's: its clock runs "
    "many times faster than a real one, and none of these times says when anything was. Only how long a capture took is in real seconds."
)
_CODE = (
    "64 letters and digits, computed from the seal of one piece of evidence. Another content would give another code. Noted by somebody "
    "else, or printed in a letter at the time, it shows that nobody made the evidence anew."
)
GLOSSARY = (
    ("Witness code", _CODE),
    ("SHA-256", "The way in which such codes are computed. Every computer has a program for it."),
    ("Seal", "A list of every file with its SHA-256, signed with the key of this installation."),
    ("Time stamp", "The signed word of an outside authority that a seal existed at a time (RFC 3161)."),
    ("Working copy", "A copy with parts covered for good, for instance other children. The original stays unchanged with the school."),
)
_ASKED = (
    "I ordered the captures that are named in this report. Before each one I was asked whether it could show an indecent picture of "
    "somebody under 18, and answered no. Where that was not answered with no, nothing was opened."
)
_OPENED = (
    "For each capture the program opened the address in a fresh browser with an empty profile, on a computer of the school, first "
    "without pictures and then as it is. It did not sign in anywhere, clicked nothing, gave no consent and wrote to nobody."
)
_KEPT = (
    "It took pictures of the page and of the post, and kept the page's source, its text and a list of what was asked of the network, as "
    "far as they are named among the files. What it hid, scrolled or refused for this is listed with each capture."
)
_SEALED = (
    "At once it computed the SHA-256 and SHA-512 of every file, and signed the list. Without the key of this installation nobody can "
    "alter a file unseen after that."
)
_SUPPLIED = "What is marked as supplied by a person was not captured in this way. I know of it only what they told."
_LINE = "\n______________________________"


def statement(people: Sequence[str], programs: Sequence[str]) -> Iterator[Block]:
    """Yield the statement, with lines to sign for each of the people who captured."""
    yield PageBreak()
    yield Heading("Statement of method")
    yield Paragraph("For the person who captured: to read, to correct where it is not right, and to sign.")
    with_what = f"It was done with: {', '.join(programs) or 'the programs named with each piece of evidence'}."
    yield Bullets((_ASKED, _OPENED, _KEPT, _SEALED, with_what, _SUPPLIED), numbered=True)
    yield Heading("What this can show", 2)
    yield Bullets(CAN_SHOW)
    yield Heading("What this cannot show", 2)
    yield Bullets(CANNOT_SHOW)
    yield Heading("Signature", 2)
    for name in list(people[:MAX_SIGNERS]) or [_LINE]:
        yield Rows((("Name", name), ("Role", _LINE), ("Signature", _LINE), ("Place and date", _LINE)), ("To sign", "By hand"))
