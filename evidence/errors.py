"""What can go wrong in the safe.

EvidenceError
├─ CaptureCancelledError   a person cancelled it; nothing was kept
├─ CaptureFailedError      the page could not be recorded; the message names the exact cause
├─ CaptureForbiddenError   refused to protect a child: nothing was fetched, shown or stored
│  └─ PreflightStopError   the page's own words gave a sign, before any picture was loaded
├─ SealBrokenError         a sealed file is not what it was
├─ CustodyBrokenError      the custody chain does not fit together
├─ PdfError                a document cannot be written as PDF
├─ SuppliedRefusedError    a file that somebody brought is not taken in; the message names which and why
└─ NotDrawableError        a picture that cannot be drawn here; its sealed file is untouched
"""

from __future__ import annotations

from enum import StrEnum

from data.errors import EvidenceError

__all__ = [
    "CaptureCancelledError",
    "CaptureFailedError",
    "CaptureForbiddenError",
    "CustodyBrokenError",
    "EvidenceError",
    "PdfError",
    "PreflightStopError",
    "Refused",
    "SealBrokenError",
]

STOP_TEXT = """\
STOP. Nothing was opened, copied or stored.

This could be an indecent image of someone under 18. Looking at it again, copying it, saving it or sending it on can itself be an offence, \
also with good intentions.

Do this now:
1. Tell the designated safeguarding lead (DSL) at once, in person or by telephone. Do not send the picture or a link to it to anyone.
2. The DSL rings the police: 101, or 999 if somebody is in danger.
3. A picture on a public web page: the DSL gives the address only to the Internet Watch Foundation (IWF). Never attach the picture.
4. Grooming, or an adult who asks a child for pictures: report to CEOP.
5. A young person whose own picture is out there can use Report Remove (Childline and IWF).
6. Do not copy, print, forward or delete anything, and do not ask anyone for copies. Write down who saw what, and when.

The 24 hours run for telling the police or the IWF. No request goes to the platform from here.
"""

ADULT_TEXT = """\
STOP. Nothing was opened, copied or stored.

This could be an intimate picture of an adult, shared without their consent. Nobody here looks at it, copies it or sends it on.

Do this now:
1. Tell the person concerned, in private, and ask what they want. They decide; offer somebody who stays with them.
2. In danger ring 999. To report it to the police otherwise ring 101: sharing it is a crime, and so is the threat to.
3. The Revenge Porn Helpline helps adults: 0345 6000 459, Monday to Friday, 10 am to 4 pm.
4. With StopNCII the person can have the picture blocked themselves; it never leaves their own device.
5. If they want the police, ring them before the post is reported, so that nothing is lost as evidence.
6. Do not copy, print, forward or delete anything. If anybody in the picture may be under 18, answer "not sure" to the question instead.
"""


class CaptureCancelledError(EvidenceError):
    """A person cancelled the capture while it ran; nothing of it was kept."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("the capture was cancelled; nothing of it was kept")


class CaptureFailedError(EvidenceError):
    """The page could not be recorded."""


class Refused(StrEnum):
    """What was asked for when the no-capture rule refused it."""

    CAPTURE = "capture"
    EXPORT = "export"
    PICTURE = "look at the evidence"
    UPLOAD = "upload"
    REDACTION = "working copy"
    TIME_STAMP = "time stamp"


_OUTCOMES: dict[Refused, str] = {
    Refused.CAPTURE: "nothing was fetched or stored",
    Refused.EXPORT: "nothing was given out",
    Refused.PICTURE: "nothing is shown",
    Refused.UPLOAD: "nothing of what was brought was kept",
    Refused.REDACTION: "no copy was made",
    Refused.TIME_STAMP: "nobody outside is asked",
}
_OF_WHAT_IS_KEPT = frozenset({Refused.EXPORT, Refused.PICTURE, Refused.REDACTION, Refused.TIME_STAMP})


class CaptureForbiddenError(EvidenceError):
    """Refused to protect a child; `screen` tells who is not the safeguarding lead what to do instead (evidence.md §8)."""

    def __init__(self, why: str, screen: str = STOP_TEXT, *, what: Refused = Refused.CAPTURE) -> None:
        """Say `what` was refused and `why` in a few words without post text or names; `screen` is the text for the page.

        The sentence is read by anybody, the safeguarding lead too: whom to tell stands in `screen` and on the STOP card.
        """
        self.why, self.screen, self.what = why, screen, what
        sealed = "; what was captured is sealed off" if what in _OF_WHAT_IS_KEPT and screen is STOP_TEXT else ""
        super().__init__(f"{what.value} refused: {why}; {_OUTCOMES[what]}{sealed}. Follow the STOP steps in the case")


class PreflightStopError(CaptureForbiddenError):
    """The page's words gave signs of an indecent picture; no picture was loaded (evidence.md §8.3). `signals` are names, never words."""

    def __init__(self, signals: tuple[str, ...]) -> None:
        """Keep the names of the signs."""
        self.signals = signals
        super().__init__(f"the page's own words gave signs of an indecent picture ({', '.join(signals)})")


class SealBrokenError(EvidenceError):
    """A sealed file is not what it was when it was sealed."""


class CustodyBrokenError(EvidenceError):
    """The custody chain does not fit together."""


class PdfError(EvidenceError):
    """A document cannot be written as PDF."""

    def __init__(self, what: str, why: str) -> None:
        """Name the document, table or picture, and the mend."""
        self.what, self.why = what, why
        super().__init__(f"no PDF was made: {what}: {why}")


class SuppliedRefusedError(EvidenceError):
    """What was brought cannot be taken in as it stands; nothing was kept."""


class NotDrawableError(EvidenceError):
    """This picture cannot be drawn here. The sealed file is untouched; it can be taken with the evidence pack."""
