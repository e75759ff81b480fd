"""Empties the outbox: takes what is due, hands each message over in a separate process, writes down how it went.

One door (a mail server, a host of webhooks) is tried by one thread, so that a door that hangs holds up nobody at another. Before a message
leaves, "being sent" is committed; what breaks off after that is never sent again (infrastructure.md §1.1: a side effect may not repeat).
"""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import IO, Any, Self
from urllib.parse import urlsplit

import structlog

from casework.messages import with_link
from casework.posting import Waiting
from collector.errors import NotPublicError, SourceUnavailableError
from collector.public_address import Gate
from data.model.telling import Way, WayKind
from schoolwatch.desk import Desk
from schoolwatch.notify import HANDED, READY
from schoolwatch.settings import Settings, bare_environment

LIMIT = 15.0  # seconds for handing over one message, then it is cut off
START = 60.0  # seconds for starting the process that does it, on a machine that is busy with other things
STUCK = 60.0  # real seconds after which a message that some worker was handing over counts as lost
DOORS = 6  # tried at the same time
TRY_AGAIN = frozenset({408, 421, 425, 429, 450, 451, 452})
MAYBE = frozenset({502, 504})  # RFC 9110 §15.6.3, §15.6.5: a gateway heard nothing good from behind it, where the message may have arrived
_log = structlog.get_logger(__name__)


class Fate(StrEnum):
    """How handing over ended."""

    SENT = "sent"
    LATER = "later"  # it surely did not go out; trying again may help
    REFUSED = "refused"  # it surely did not go out; trying again does not help
    UNKNOWN = "unknown"  # it may have gone out


@dataclass(frozen=True)
class Ending:
    """How handing over ended, in a line without addresses; `door_is_shut`: others at this door need not try now."""

    fate: Fate
    problem: str = ""
    door_is_shut: bool = False


def deliver(desk: Desk, worker: str, *, limit: float = LIMIT) -> int:
    """Hand over what is due; return how many messages went out."""
    desk.casework.messages_stuck(max(STUCK, 4 * limit))
    doors: dict[str, list[Waiting]] = {}
    for one in desk.casework.messages_due(desk.clock.now()):
        doors.setdefault(door_of(one.way), []).append(one)
    if not doors:
        return 0
    with ThreadPoolExecutor(min(DOORS, len(doors)), thread_name_prefix="door") as pool:
        return sum(pool.map(lambda found: _at_door(desk, found, worker, limit), doors.values()))


def door_of(way: Way | None) -> str:
    """Return what would be shut for several messages at once: the mail server, or a webhook's host."""
    if way is None:
        return "none"
    return "mail" if way.kind is WayKind.MAIL else urlsplit(way.address).netloc.lower()


def _at_door(desk: Desk, found: Iterable[Waiting], worker: str, limit: float) -> int:
    """Hand over what goes through one door, one after the other; ends early when the door is shut."""
    sent = 0
    with Hand() as hand:
        for one in found:
            taken = desk.casework.message_taken(one.message.id, worker)
            if taken is None:
                continue
            ending = hand_over(taken, desk.settings, desk.gate, hand, limit)
            _write_down(desk, one.message.id, ending)
            sent += ending.fate is Fate.SENT
            if ending.door_is_shut:
                break
    return sent


def _write_down(desk: Desk, message_id: str, ending: Ending) -> None:
    if ending.fate is Fate.SENT:
        desk.casework.message_sent(message_id)
    elif ending.fate is Fate.UNKNOWN:
        desk.casework.message_unknown(message_id, ending.problem)
    else:
        desk.casework.message_failed(message_id, ending.problem, for_good=ending.fate is Fate.REFUSED)
    (_log.info if ending.fate is Fate.SENT else _log.warning)("message", message=message_id, fate=ending.fate.value)


def hand_over(taken: Waiting, settings: Settings, gate: Gate, hand: Hand, limit: float = LIMIT) -> Ending:
    """Hand a taken message over and return how it ended; `limit` in seconds."""
    if taken.way is None:
        return Ending(Fate.REFUSED, "its way was removed")
    job: dict[str, Any] = {
        "kind": taken.way.kind.value,
        "address": taken.way.address,
        "subject": taken.message.subject,
        "body": with_link(taken.message, settings.public_address),
        "key": taken.message.id,
    }
    if taken.way.kind is not WayKind.MAIL:
        return _to_web(job, gate, hand, limit)
    if settings.smtp_host is None or settings.mail_from is None:
        return Ending(Fate.LATER, "no mail server is set up here", door_is_shut=True)
    return hand.give(job | {"server": settings.mail_server()}, limit)


def _to_web(job: dict[str, Any], gate: Gate, hand: Hand, limit: float) -> Ending:
    try:
        target = gate.admit(job["address"])
    except NotPublicError:
        return Ending(Fate.REFUSED, "the webhook's address is not a public one")
    except SourceUnavailableError:
        return Ending(Fate.LATER, "the webhook's host has no address now", door_is_shut=True)
    return hand.give(job | {"allowed": list(target.addresses)}, limit)


class Hand:
    """The process that hands messages over, one after the other; started with the first, ended for certain when one takes too long."""

    def __init__(self, program: Sequence[str] = ()) -> None:
        self._program = list(program) or [sys.executable, "-m", "schoolwatch.notify"]
        self._process: subprocess.Popen[str] | None = None
        self._said: queue.Queue[str | None] = queue.Queue()

    def __enter__(self) -> Self:
        """Begin; no process runs yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        self._end()

    def give(self, job: dict[str, Any], limit: float = LIMIT) -> Ending:
        """Hand one message over within `limit` seconds, and return how it ended."""
        try:
            pipe = self._pipe()
            pipe.write(json.dumps(job) + "\n")
            pipe.flush()
        except (OSError, queue.Empty):
            self._end()
            return judged([])
        end, said = time.monotonic() + limit, list[str]()
        while not (said and said[-1].startswith("{")):
            try:
                line = self._said.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                return judged([*said, *self._end()], hung=True)
            if line is None:
                self._said.put(None)  # for whoever listens to the end
                self._end()
                break
            said.append(line)
        return judged(said)

    def _pipe(self) -> IO[str]:
        if self._process is None:
            self._said = queue.Queue()
            self._process = subprocess.Popen(  # noqa: S603 - our own program, no shell
                self._program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=bare_environment(), text=True
            )
            threading.Thread(target=_listen, args=(self._process.stdout, self._said), name="hand", daemon=True).start()
            self._begun()
        if self._process.stdin is None:
            raise OSError
        return self._process.stdin

    def _begun(self) -> None:
        """Wait until the process is ready; raises OSError when it ended at once, queue.Empty when it takes too long."""
        if self._said.get(timeout=START) != READY:
            self._said.put(None)
            raise OSError

    def _end(self) -> list[str]:
        """Kill the process; return what it said that nobody heard yet: it may have begun to send at the last moment."""
        process, self._process = self._process, None
        if process is None:
            return []
        process.kill()
        with suppress(OSError):  # what was not written yet is not to be
            if process.stdin:
                process.stdin.close()
        process.wait()
        rest = []
        while (line := self._said.get()) is not None:
            rest.append(line)
        return rest


def _listen(stream: IO[str] | None, said: queue.Queue[str | None]) -> None:
    """Pass on what the process says, until it ends."""
    with suppress(ValueError, OSError):
        for line in stream or ():
            said.put(line.strip())
    if stream:
        stream.close()
    said.put(None)


def judged(said: list[str], *, hung: bool = False) -> Ending:
    """Return how it ended from what the process said: what had begun to leave and was not answered may have gone out."""
    answer = _answer(said)
    if answer.get("ok") is True:
        return Ending(Fate.SENT)
    if answer.get("unfit"):
        return Ending(Fate.REFUSED, "the address is not one that can be sent to")
    code = answer.get("code")
    handed = HANDED in said or bool(answer.get("handed"))
    if handed and isinstance(code, int) and code in MAYBE:
        return Ending(Fate.UNKNOWN, f"a gateway answered {code}: it is not known whether it arrived", door_is_shut=True)
    if handed and isinstance(code, int):
        later = code in TRY_AGAIN or 500 <= code < 550  # noqa: PLR2004 - a web server's own faults; mail's refusals begin at 550
        return Ending(Fate.LATER if later else Fate.REFUSED, f"the server answered {code}", door_is_shut=later)
    if handed:
        return Ending(Fate.UNKNOWN, "it broke off while it was handed over", door_is_shut=True)
    return Ending(Fate.LATER, "the server did not answer in time" if hung else "the server could not be reached", door_is_shut=True)


def _answer(said: list[str]) -> dict[str, Any]:
    lines = [line for line in said if line.startswith("{")]
    try:
        found = json.loads(lines[-1]) if lines else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
