"""Looking at a case's pictures: a tile that shows nothing, a reason, a light blur, then the picture (evidence.md §8.6, issue 5 item 7).

What may be fetched by a browser is drawn at the moment of the reason, kept in memory only, for one person at one browser, for one fetch
and one minute. Every fetch asks again whether the person may see the case and whether it was stopped.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from casework import access
from casework.service import Casework
from data.clock import Clock
from data.errors import NotFoundError, SchoolwatchError
from data.model.evidence import Evidence, SealedFile, ViewingPreference
from data.model.people import Permission, User
from data.store import Store
from evidence.custody import CustodyDraft
from evidence.errors import Refused
from evidence.guard import may_export
from evidence.vault import Vault
from evidence.viewing import Sharpness, shown, tile
from schoolwatch.safe import Safe, append

FETCH_SECONDS = 60.0  # from the reason to the browser's fetch
SHARPEN_SECONDS = 600.0  # how long one reason is good for the sharp picture too
MOST_HELD = 100_000_000  # bytes of drawn pictures that wait to be fetched; older ones give way
_MOST_TILES, _MOST_LOOKS = 512, 40
_DRAWABLE = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif", "image/heic"})


class LookRefusedError(SchoolwatchError):
    """This address of a picture was used already, is too old, or was given to somebody else; give a reason again on the case's page."""


@dataclass(frozen=True)
class Look:
    """One picture that one person at one browser may see until a moment of this process's own clock."""

    evidence_id: str
    name: str
    user_id: str
    session: str  # SHA-256 of the session token
    sharpness: Sharpness
    until: float
    content: bytes = b""  # drawn already; empty for what only stands for the reason given


@dataclass(frozen=True)
class Opened:
    """What a page needs to show a picture once: the token for its address, and the key for the next step, if there is one."""

    token: str
    sharper: str | None


class Looks:
    """What is held in memory for looking at pictures; nothing of it is ever on a disk. Safe to share between threads."""

    def __init__(self, moment: Callable[[], float] = time.monotonic) -> None:
        """`moment`: seconds of a clock that only goes forward."""
        self._moment, self._lock = moment, threading.Lock()
        self._looks: OrderedDict[str, Look] = OrderedDict()
        self._tiles: OrderedDict[tuple[str, bool], bytes] = OrderedDict()

    def grant(self, look: Look, seconds: float) -> str:
        """Keep a look for some seconds and return its secret. Only the secret's hash is kept; the oldest go first."""
        secret = secrets.token_urlsafe(32)
        with self._lock:
            for old in [key for key, one in self._looks.items() if one.until < self._moment()]:
                del self._looks[old]
            self._looks[_hash(secret)] = replace(look, until=self._moment() + seconds)
            while len(self._looks) > _MOST_LOOKS or (len(self._looks) > 1 and self._held() > MOST_HELD):
                self._looks.popitem(last=False)
        return secret

    def _held(self) -> int:
        return sum(len(one.content) for one in self._looks.values())

    def take(self, secret: str, user: User, session: str | None) -> Look:
        """Return what the secret stands for, once; raises LookRefusedError unless it is theirs, of this browser and in time."""
        with self._lock:
            look = self._looks.pop(_hash(secret), None)
        if look is None or look.until < self._moment() or (look.user_id, look.session) != (user.id, _hash(session or "")):
            raise LookRefusedError
        return look

    def tile(self, sha256: str, draw: Callable[[], bytes], *, greyscale: bool) -> bytes:
        """Return a tile that was drawn before, or draw it."""
        key = (sha256, greyscale)
        with self._lock:
            known = self._tiles.get(key)
        if known is not None:
            return known
        drawn = draw()
        with self._lock:
            self._tiles[key] = drawn
            while len(self._tiles) > _MOST_TILES:
                self._tiles.popitem(last=False)
        return drawn


class Pictures:
    """The pictures of a school's cases, as its people may look at them."""

    def __init__(self, store: Store, clock: Clock, vault: Vault, cases: Casework, safe: Safe, looks: Looks) -> None:
        self._store, self._clock, self._vault, self._cases, self._safe, self._looks = store, clock, vault, cases, safe, looks

    def tile(self, by: User, evidence_id: str, name: str) -> bytes:
        """Return a small blurred PNG, in which nothing can be recognised: no look at the picture. Raises what `open` raises."""
        _, file = self._file(by, evidence_id, name)
        grey = self.preference(by).greyscale
        return self._looks.tile(file.sha256, lambda: tile(self._vault.get(file.sha256), greyscale=grey), greyscale=grey)

    def open(self, by: User, session: str | None, evidence_id: str, name: str, reason: str) -> Opened:
        """Record the look with its reason, and return how the browser may fetch the picture once.

        Raises RevealRefusedError without a reason, PermissionDeniedError, NotFoundError, CaptureForbiddenError in a stopped case,
        SealBrokenError for a damaged file, NotDrawableError for one that is no picture.
        """
        self._file(by, evidence_id, name)
        wish = self.preference(by)
        content = self._safe.reveal(by, evidence_id, name, reason)
        sharpness = Sharpness.LIGHT if wish.blurred_first else Sharpness.SHARP
        look = Look(evidence_id, name, by.id, _hash(session or ""), sharpness, 0.0)
        token = self._looks.grant(replace(look, content=shown(content, sharpness, greyscale=wish.greyscale)), FETCH_SECONDS)
        return Opened(token, self._looks.grant(look, SHARPEN_SECONDS) if wish.blurred_first else None)

    def sharpen(self, by: User, session: str | None, key: str) -> tuple[Look, Opened]:
        """Return how the same picture may be fetched sharp, on the reason that was given already; that it was seen is recorded too."""
        look = self._looks.take(key, by, session)
        found, file = self._file(by, look.evidence_id, look.name)
        content = self._vault.get(file.sha256)
        drawn = shown(content, Sharpness.SHARP, greyscale=self.preference(by).greyscale)
        with self._store.begin(by.id) as work:
            detail = f"{look.name}: sharp, on the same reason"
            append(work, CustodyDraft(at=self._clock.now(), by=by.id, evidence_id=found.id, what="viewed", detail=detail))
            work.commit()
        look = replace(look, sharpness=Sharpness.SHARP, content=drawn)
        return look, Opened(self._looks.grant(look, FETCH_SECONDS), None)

    def fetch(self, by: User, session: str | None, evidence_id: str, name: str, token: str) -> bytes:
        """Return the drawn picture, once; raises LookRefusedError, and what `tile` raises as the case is now."""
        look = self._looks.take(token, by, session)
        if (look.evidence_id, look.name) != (evidence_id, name) or not look.content:
            raise LookRefusedError
        self._file(by, evidence_id, name)
        return look.content

    def preference(self, by: User) -> ViewingPreference:
        """Return how a person wants pictures shown; without a choice in colour, lightly blurred first."""
        with self._store.read() as work:
            return work.viewing.find(by.id) or ViewingPreference(user_id=by.id, changed_at=self._clock.now())

    def prefer(self, by: User, *, greyscale: bool, blurred_first: bool) -> ViewingPreference:
        """Keep how a person wants pictures shown."""
        wish = ViewingPreference(user_id=by.id, greyscale=greyscale, blurred_first=blurred_first, changed_at=self._clock.now())
        with self._store.begin(by.id) as work:
            (work.viewing.replace if work.viewing.find(by.id) else work.viewing.add)(wish)
            work.commit()
        return wish

    def _file(self, by: User, evidence_id: str, name: str) -> tuple[Evidence, SealedFile]:
        """Return a picture's record for who may see it now; never in a stopped case (evidence.md §8.4)."""
        with self._store.read() as work:
            found = work.evidence.get(evidence_id)
        case = self._cases.case(by, found.case_id).case
        access.must(by, Permission.CAPTURE, case)
        may_export(case, Refused.PICTURE)
        file = next((one for one in drawable(found) if one.name == name), None)
        if file is None:
            raise NotFoundError("picture in this evidence", name)
        return found, file


def drawable(evidence: Evidence) -> tuple[SealedFile, ...]:
    """Return the pictures of a piece of evidence that can be drawn here."""
    return tuple(file for file in evidence.files if file.media_type in _DRAWABLE)


def session_mark(session: str | None) -> str:
    """Return what is kept of a browser's session token: its hash."""
    return _hash(session or "")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
