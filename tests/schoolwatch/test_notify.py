"""Handing over for real: a mail server and a web server on loopback that take, hang, refuse and drop."""

from __future__ import annotations

import email
import json
import socket
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from email import policy
from pathlib import Path

import pytest

from casework.posting import Waiting
from collector.public_address import Gate
from data.clock import SystemClock
from data.model.telling import Message, Urgency, Way, WayKind
from schoolwatch import delivery
from schoolwatch.delivery import Ending, Fate, Hand, hand_over, judged
from schoolwatch.notify import Watcher, teams
from schoolwatch.settings import Settings
from schoolwatch.testing import HookServer, MailServer

NOW = SystemClock().now()
LIMIT = 8.0


@pytest.fixture
def mail() -> Iterator[MailServer]:
    """A mail server that takes what it gets."""
    with MailServer().open() as server:
        yield server


@pytest.fixture
def hook() -> Iterator[HookServer]:
    """A web server that takes what it gets."""
    with HookServer().open() as server:
        yield server


def waiting(kind: WayKind, address: str) -> Waiting:
    """Return a message that may go out by a way."""
    way = Way(id="w-1", user_id="u-dsl", kind=kind, address=address, added_by="u-dsl", added_at=NOW)
    message = Message(
        id="m-1",
        key="k-1",
        matter="k",
        school_id="fernley",
        case_id="case-1",
        user_id="u-dsl",
        way_id="w-1",
        urgency=Urgency.URGENT,
        subject="Schoolwatch: High (S3): case SW-2026-0001 waits",
        body="High (S3): case SW-2026-0001 waits.",
        made_at=NOW,
        not_before=NOW,
    )
    return Waiting(message, way)


def settings(port: int) -> Settings:
    """Return settings with a mail server on loopback."""
    return Settings(
        state_dir=Path("/nowhere"),
        smtp_host="127.0.0.1",
        smtp_port=port,
        smtp_security="none",
        mail_from="schoolwatch@fernley-green.example",
        public_address="https://watch.fernley-green.example",
    )


def by_mail(port: int, limit: float = LIMIT) -> Ending:
    """Hand a message to a mail server."""
    with Hand() as hand:
        return hand_over(waiting(WayKind.MAIL, "lead@fernley-green.example"), settings(port), Gate(), hand, limit)


def by_hook(server: HookServer, limit: float = LIMIT) -> Ending:
    """Hand a message to a webhook on loopback, which only the demo and tests may ask."""
    with Hand() as hand:
        return hand_over(waiting(WayKind.WEBHOOK, server.address), settings(9), Gate(frozenset({server.port})), hand, limit)


def test_a_mail_arrives_with_number_and_link_and_nothing_else(mail: MailServer) -> None:
    """The mail that arrives holds subject, body and the link by the case's id, as plain text."""
    ending = by_mail(mail.port)
    message = email.message_from_string(mail.got[0], policy=policy.default)
    body = message.get_body(("plain",))

    assert ending == Ending(Fate.SENT)
    assert len(mail.got) == 1
    assert message["Subject"] == "Schoolwatch: High (S3): case SW-2026-0001 waits"
    assert message["To"] == "lead@fernley-green.example"
    assert "schoolwatch@fernley-green.example" in message["From"]
    assert body is not None
    assert body.get_content().splitlines()[:2] == [
        "High (S3): case SW-2026-0001 waits.",
        "https://watch.fernley-green.example/case?id=case-1",
    ]
    assert [part.get_content_type() for part in message.walk() if not part.is_multipart()] == ["text/plain"]


def test_a_webhook_gets_the_message_once_with_its_key(hook: HookServer) -> None:
    """A webhook gets one JSON document."""
    ending = by_hook(hook)
    told = json.loads(hook.got[0])

    assert ending == Ending(Fate.SENT)
    assert len(hook.got) == 1
    assert told["title"] == "Schoolwatch: High (S3): case SW-2026-0001 waits"
    assert told["attachments"] == []


@pytest.mark.parametrize(
    ("mood", "fate"),
    [("drops", Fate.UNKNOWN), ("refuses", Fate.REFUSED), ("busy", Fate.LATER)],
)
def test_a_mail_server_that_does_not_take_it(mail: MailServer, mood: str, fate: Fate) -> None:
    """Cut off after the message: nobody knows. Refused: it did not go out. Busy: it is tried later."""
    mail.mood = mood

    assert by_mail(mail.port).fate is fate


def test_a_mail_server_that_hangs_is_cut_off(mail: MailServer) -> None:
    """A server that never greets got nothing, so it is tried later; the limit holds."""
    mail.mood = "hangs"
    begun = time.monotonic()
    ending = by_mail(mail.port, limit=3.0)

    assert ending == Ending(Fate.LATER, "the server did not answer in time", door_is_shut=True)
    assert time.monotonic() - begun < 6.0


def test_a_mail_server_that_falls_silent_after_the_message(mail: MailServer) -> None:
    """Once the message left and no answer came, it is unknown whether it went out."""
    mail.mood = "silent"

    assert by_mail(mail.port, limit=4.0).fate is Fate.UNKNOWN
    assert len(mail.got) == 1


@pytest.mark.parametrize(("mood", "fate"), [("500", Fate.LATER), ("429", Fate.LATER), ("404", Fate.REFUSED), ("drops", Fate.UNKNOWN)])
def test_a_webhook_that_does_not_take_it(hook: HookServer, mood: str, fate: Fate) -> None:
    """A server's own fault is tried later, a wrong address is given up, a broken line is unknown."""
    hook.mood = mood

    assert by_hook(hook).fate is fate


def test_a_webhook_that_sends_elsewhere_is_not_followed(hook: HookServer) -> None:
    """A redirect is an answer, not a way."""
    hook.mood = "302"

    assert by_hook(hook).fate is Fate.REFUSED


def test_nobody_listens() -> None:
    """A refused connection is before anything left."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    assert by_mail(port) == Ending(Fate.LATER, "the server could not be reached", door_is_shut=True)


def test_without_a_mail_server_it_waits() -> None:
    """A school that has not set up mail yet loses nothing: the message waits."""
    bare = Settings(state_dir=Path("/nowhere"))

    assert hand_over(waiting(WayKind.MAIL, "lead@fernley-green.example"), bare, Gate(), Hand()).fate is Fate.LATER


@pytest.mark.parametrize("address", ["http://127.0.0.1/hook", "http://10.1.2.3/hook", "http://[::1]:80/", "https://169.254.169.254/latest"])
def test_a_webhook_inside_the_network_is_refused(address: str) -> None:
    """A webhook cannot be used to speak to machines inside the school."""
    ending = hand_over(waiting(WayKind.WEBHOOK, address), settings(9), Gate(), Hand())

    assert ending == Ending(Fate.REFUSED, "the webhook's address is not a public one")


def test_a_name_that_now_leads_elsewhere_is_not_asked() -> None:
    """Between the look-up and the connection a name may change: only the admitted addresses are connected to."""
    told: list[str] = []
    watcher = Watcher(told.append)
    watcher.begin(frozenset({"93.184.215.14"}))
    watcher.hook("socket.connect", (None, ("93.184.215.14", 443)))

    with pytest.raises(PermissionError):
        watcher.hook("socket.connect", (None, ("127.0.0.1", 80)))


def test_the_process_that_sends_knows_no_secret_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords of the environment do not go along, nor does a proxy."""
    monkeypatch.setenv("SCHOOLWATCH_SMTP_PASSWORD", "orchard-lantern")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    out = tmp_path / "seen"
    code = f"import os,sys;print('ready',flush=True);sys.stdin.readline();open({str(out)!r},'w').write(repr(sorted(os.environ)))"
    with Hand([sys.executable, "-c", code]) as hand:
        ending = hand.give({}, LIMIT)
    seen = out.read_text()

    assert ending.fate is Fate.LATER
    assert "SCHOOLWATCH" not in seen
    assert "HTTPS_PROXY" not in seen


def test_a_teams_workflow_is_built_from_its_address() -> None:
    """Of the address that Teams shows, workflow and signature are taken."""
    address = "https://prod-01.uksouth.logic.azure.com:443/workflows/abc123/triggers/manual/paths/invoke?api-version=2016-06-01&sig=s1gn"
    plugin = teams({"address": address})

    assert (plugin.host, plugin.workflow, plugin.signature) == ("prod-01.uksouth.logic.azure.com", "abc123", "s1gn")
    with pytest.raises(ValueError, match="Teams workflow"):
        teams({"address": "https://prod-01.uksouth.logic.azure.com/elsewhere"})


def test_what_the_process_says_is_judged_carefully() -> None:
    """Whatever is not clearly sent or clearly not sent counts as unknown once the message had begun to leave."""
    found = {
        "sent": judged(['{"ok": true, "handed": true}']).fate,
        "nothing said": judged([]).fate,
        "died on the way": judged(["handed"]).fate,
        "nonsense": judged(["handed", "{nonsense"]).fate,
        "an unfit address": judged(['{"ok": false, "unfit": true}']).fate,
        "hung before": judged([], hung=True).fate,
    }

    assert found == {
        "sent": Fate.SENT,
        "nothing said": Fate.LATER,
        "died on the way": Fate.UNKNOWN,
        "nonsense": Fate.UNKNOWN,
        "an unfit address": Fate.REFUSED,
        "hung before": Fate.LATER,
    }


def test_several_messages_go_through_one_process(mail: MailServer) -> None:
    """What goes through one door is handed over one after the other, each on its own account; after a hang a new process is started."""
    letter = waiting(WayKind.MAIL, "lead@fernley-green.example")
    with Hand() as hand:
        fates = []
        for mood in ("takes", "refuses", "takes", "hangs", "takes"):
            mail.mood = mood
            fates.append(hand_over(letter, settings(mail.port), Gate(), hand, 3.0 if mood == "hangs" else LIMIT).fate)

    assert fates == [Fate.SENT, Fate.REFUSED, Fate.SENT, Fate.LATER, Fate.SENT]
    assert len(mail.got) == 3


def test_a_process_that_cannot_be_started_or_dies_loses_nothing() -> None:
    """Without the process nothing left, so it is tried later."""
    with Hand(["/no/such/program"]) as missing, Hand([sys.executable, "-c", "raise SystemExit(1)"]) as dead:
        fates = [missing.give({}, LIMIT).fate, dead.give({}, LIMIT).fate, dead.give({}, LIMIT).fate]

    assert fates == [Fate.LATER] * 3


def test_one_door_for_one_server() -> None:
    """Two webhooks of one host share a door; mail has its own."""
    one = waiting(WayKind.WEBHOOK, "https://hooks.example.org/a").way
    other = waiting(WayKind.WEBHOOK, "https://HOOKS.example.org/b").way
    letter = waiting(WayKind.MAIL, "lead@fernley-green.example").way

    assert delivery.door_of(one) == delivery.door_of(other) == "hooks.example.org"
    assert (delivery.door_of(letter), delivery.door_of(None)) == ("mail", "none")
    assert timedelta(seconds=delivery.LIMIT) == timedelta(seconds=15)


@pytest.mark.parametrize("code", [502, 504])
def test_what_a_gateway_could_not_settle_is_not_sent_again(code: int) -> None:
    """RFC 9110 §15.6.5: behind a gateway that timed out the message may have arrived, so it goes to nobody twice."""
    said = ["handed", json.dumps({"ok": False, "handed": True, "code": code, "unfit": False})]

    assert judged(said).fate is Fate.UNKNOWN
    assert judged([said[0], said[1].replace(str(code), "503")]).fate is Fate.LATER
