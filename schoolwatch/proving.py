"""What makes the evidence provable to strangers: an outside authority's time stamps, and the register's head kept outside this computer.

Nothing here ever holds up a capture: what an authority or a mail server does not answer today is asked again later.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import structlog

from casework import time_stamps
from casework.posting import Waiting
from collector.client import Client
from data.clock import Clock
from data.errors import CollectError
from data.model.base import new_id
from data.model.evidence import RegisterHead, SealToken, TokenState
from data.model.telling import Message, Urgency, Way, WayKind
from evidence import register
from evidence.timestamp import Authority, Fault, Stamped, TokenFault, check_imprint, question, second_opinion
from schoolwatch.delivery import LIMIT, Fate, Hand, hand_over
from schoolwatch.desk import Desk

OTHER_AUTHORITY = "it was sealed for another authority than the one that is set up now"
TOO_EARLY = "the authority's time is before this computer's own time of the capture: set this computer's clock right"
NO_AGREEMENT = "OpenSSL does not confirm what the authority answered"
REFUSED_WORD = "REFUSED"
TRIAL = "0" * 64  # the hash that a trial asks about
WITNESS = "witness"  # stands for the address of the settings where a message names its person
_log = structlog.get_logger(__name__)


def prove(desk: Desk, client: Client) -> int:
    """Keep today's head, tell it, and ask for every time stamp that is due; return how many were given."""
    keep_head(desk)
    send_heads(desk)
    return sum(ask(desk, client, token).state is TokenState.GRANTED for token in desk.casework.tokens_due(desk.clock.now()))


def is_anything_due(desk: Desk) -> bool:
    """Whether a time stamp is to be asked for, or a head still has to leave this computer."""
    now, cases = desk.clock.now(), desk.casework
    mailed = desk.settings.witness_email is not None and bool(cases.heads_to_mail(now))
    return mailed or (cases.authority is not None and bool(cases.tokens_due(now)))


def keep_head(desk: Desk) -> RegisterHead | None:
    """Keep the register's head of today, once a day, if anything was written since the last."""
    return desk.casework.keep_head(desk.clock.now(), to_people=desk.settings.witness_email is None)


def send_heads(desk: Desk) -> int:
    """Send the heads that wait to the address of the settings; without one, note which the headteachers got. Return how many left."""
    if desk.settings.witness_email is None:
        return desk.casework.heads_heard()
    waiting = desk.casework.heads_to_mail(desk.clock.now())
    if not waiting:
        return 0
    with Hand() as hand:
        return sum(_mailed(desk, hand, head, desk.settings.witness_email) for head in waiting)


def _mailed(desk: Desk, hand: Hand, head: RegisterHead, address: str) -> bool:
    ending = hand_over(_letter(desk, head, address), desk.settings, desk.gate, hand, LIMIT)
    is_sent = ending.fate in {Fate.SENT, Fate.UNKNOWN}  # twice does no harm, but one that may have arrived is not repeated every hour
    if is_sent:
        desk.casework.head_sent(head.id)
    else:
        desk.casework.head_failed(head.id, ending.problem)
    (_log.info if is_sent else _log.warning)("register head", day=head.id, fate=ending.fate.value)
    return is_sent


def _letter(desk: Desk, head: RegisterHead, address: str) -> Waiting:
    """Return the message to the address of the settings; it lies in no outbox, as it goes to no person of the school."""
    words, now = desk.casework.head_words(head), desk.clock.now()
    way = Way(id=WITNESS, user_id=WITNESS, kind=WayKind.MAIL, address=address, added_by=WITNESS, added_at=now)
    message = Message(
        id=new_id(now),
        key=f"register:{head.id}",
        matter=f"register:{head.id}",
        school_id=WITNESS,
        user_id=WITNESS,
        way_id=WITNESS,
        urgency=Urgency.REMINDER,
        subject=words.subject,
        body=words.body,
        made_at=now,
        not_before=now,
    )
    return Waiting(message, way)


def ask(desk: Desk, client: Client, token: SealToken) -> SealToken:
    """Ask the authority for one time stamp, check its answer at once, and keep the raw reply; what happens is written on the token."""
    cases, authority = desk.casework, desk.casework.authority
    if authority is None:
        return token
    if token.root_sha256 != authority.root_sha256:
        return cases.token_refused(token.id, OTHER_AUTHORITY, None)
    asked = question(token.imprint)
    try:
        reply = client.time_stamp(authority.url, asked.query)
    except CollectError as error:
        _log.warning("no time stamp", token=token.id, error=type(error).__name__)
        return cases.token_later(token.id, str(error))
    return _judged(desk, token, reply, asked.nonce)


def _judged(desk: Desk, token: SealToken, reply: bytes, nonce: int) -> SealToken:
    cases, authority = desk.casework, desk.casework.authority
    found, second = opinions(reply, token.imprint, authority, nonce) if authority else (TokenFault(Fault.UNKNOWN), None)
    kept = desk.vault.put(reply) if reply else None
    problem = found.says if isinstance(found, TokenFault) else _problem(found, second, cases.captured_at(token))
    if isinstance(found, TokenFault) or problem:
        _log.warning("time stamp refused", token=token.id)
        return cases.token_refused(token.id, problem, kept)
    _log.info("time stamp", token=token.id)
    return cases.token_granted(token.id, found, kept or "", time_stamps.how_checked(found, second))


def opinions(reply: bytes, imprint: str, authority: Authority, nonce: int) -> tuple[Stamped | TokenFault, bool | None]:
    """Return our own verdict on a fresh answer and, where that is good, OpenSSL's (None: no OpenSSL here, or not asked)."""
    found = check_imprint(reply, imprint, authority.certificates, nonce=nonce)
    if isinstance(found, TokenFault):
        return found, None
    return found, second_opinion(reply, imprint, authority.certificates, found.at)


def _problem(found: Stamped, second: bool | None, captured_at: datetime | None) -> str:
    if second is False:
        return NO_AGREEMENT
    return TOO_EARLY if captured_at is not None and found.is_early(captured_at) else ""


def register_files(desk: Desk) -> tuple[bytes, bytes, int, str]:
    """Return the register for a stranger, its daily heads with their time stamps, the number of lines and the last hash."""
    with desk.store.read() as work:
        events, heads = work.custody.where(order_by="number"), work.heads.where()
        tokens = {one.subject: one for one in work.tokens.where(state=TokenState.GRANTED)}
    given = replies(desk, {head.id: tokens[subject] for head in heads if (subject := time_stamps.of_head(head.id)) in tokens})
    return register.lines(events), register.head_lines(heads, given.get), len(events), events[-1].hash if events else ""


def replies(desk: Desk, tokens: Mapping[str, SealToken]) -> dict[str, bytes]:
    """Return the raw replies that hold, by the evidence's id: what a pack takes along as `seal.tsr`."""
    return {
        key: desk.vault.get(token.reply_sha256)
        for key, token in tokens.items()
        if token.state is TokenState.GRANTED and token.reply_sha256 is not None
    }


def trial(authority: Authority, client: Client, clock: Clock) -> str:
    """Ask an authority for a trial stamp; return what came of it, in one line. Raises CollectError when it does not answer."""
    asked = question(TRIAL)
    found, second = opinions(client.time_stamp(authority.url, asked.query), TRIAL, authority, asked.nonce)
    if isinstance(found, TokenFault) or second is False:
        return f"{REFUSED_WORD}: {found.says if isinstance(found, TokenFault) else NO_AGREEMENT}"
    apart = abs((found.at - clock.now()).total_seconds())
    return f"{found.authority} answers; {time_stamps.how_checked(found, second)}; its clock and this one are {apart:.0f} s apart"
