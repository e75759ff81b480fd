"""What the doctor says of the proof that lies outside this computer: the authority's time stamps, and the register's head."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from casework.heads import left_behind
from collector.client import Client
from collector.public_address import Gate
from data.errors import CollectError, StoreError
from data.model.evidence import RegisterHead, SealToken, TokenState
from data.store import Store
from schoolwatch.proving import REFUSED_WORD, trial
from schoolwatch.settings import Settings

Sign = tuple[str, str, str]  # tone, what was looked at, what to do
UNANSWERED = timedelta(days=2)
HOW = "docs/howto/time-stamps.md says how"


def signs(settings: Settings) -> Iterator[Sign]:
    """Look at time stamps and heads as the store holds them; nothing where there is no database yet, which has a line of its own."""
    now = settings.clock().now()
    if settings.database is None and not (settings.state_dir / "app.db").is_file():
        return
    try:
        store = Store.open(settings.database_url)
        with store.read() as work:
            tokens, heads = work.tokens.where(order_by="made_at"), work.heads.where()
        store.close()
    except StoreError:
        return
    yield _stamps(settings, tokens, now)
    yield _head(settings, heads, now)


def _stamps(settings: Settings, tokens: Sequence[SealToken], now: datetime) -> Sign:
    what, given = "time stamps", sum(one.state is TokenState.GRANTED for one in tokens)
    if settings.timestamp_url is None:
        return "note", what, f"no outside authority is set up: the time of evidence rests on this computer's clock only; {HOW}"
    refused = [one for one in tokens if one.state is TokenState.REFUSED]
    if refused:
        return "bad", what, f"{len(refused)} answers of the authority did not hold, the last: {refused[-1].problem}; try `doctor --tsa`"
    waiting = [one for one in tokens if one.state is TokenState.WAITING]
    if waiting and now - waiting[0].made_at > UNANSWERED:
        return "bad", what, f"{len(waiting)} wait since {waiting[0].made_at:%Y-%m-%d}: {waiting[0].problem or 'is the worker running?'}"
    return "ok", what, f"{given} given by the authority, {len(waiting)} waiting"


def _head(settings: Settings, heads: Sequence[RegisterHead], now: datetime) -> Sign:
    what = "register outside"
    if not heads:
        return "note", what, "nothing was sealed yet, so there is no code to keep outside"
    late = left_behind(heads, now)
    if late:
        mend = "is mail set up?" if settings.witness_email else "set witness_email, or let the headteacher add a way to be reached"
        why = f" ({late[-1].problem})" if late[-1].problem else ""
        return "bad", what, f"its code has not left this computer since {late[0].at:%Y-%m-%d}{why}: {mend}"
    sent = [one for one in heads if one.sent_at]
    if not sent:
        return "note", what, "its first code is on its way to somebody outside"
    return "ok", what, f"the code of {sent[-1].id} was told to somebody outside this computer"


def try_authority(settings: Settings) -> Sign:
    """Ask the authority of the settings for one trial stamp, over the network, so that a new one is known to work before it is trusted."""
    what, authority, clock = "time-stamping authority", settings.time_authority(), settings.clock()
    if authority is None:
        return "bad", what, f"none is set up: set timestamp_url and timestamp_root; {HOW}"
    client = Client(settings.contact or "demo@town.example", clock, Gate(settings.loopback_ports))
    try:
        says = trial(authority, client, clock)
    except CollectError as error:
        return "bad", what, f"it does not answer: {error}"
    finally:
        client.close()
    return "bad" if says.startswith(REFUSED_WORD) else "ok", what, says
