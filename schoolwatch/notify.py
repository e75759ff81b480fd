"""Hands messages over, in a process of its own: the only importer of apprise. Run as `python -m schoolwatch.notify`, a job a line.

A process, because it can be ended for certain: a server that hangs must neither hold up others nor take a message long after we wrote
that it did not. Only mail, Teams and plain webhooks are made here, never an address of another service (infrastructure.md §6). What it
says on stdout: `ready`, then for each message `handed` once it begins to leave, and one line of JSON. Nothing of a message and no address
is printed or logged.
"""

from __future__ import annotations

import importlib
import ipaddress
import json
import logging
import os
import re
import sys
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

LIFE = 20.0  # seconds that one message may take before the process ends itself, should nobody be left to end it
PATIENCE = 12.0  # seconds for one answer of a server
READY, HANDED = "ready", "handed"
_SECURE = {"starttls": "starttls", "tls": "ssl", "none": "insecure"}
_CODE = re.compile(r"^Socket Exception: \((\d{3}),")


class Watcher(logging.Handler):
    """Notes how far the handing-over came, and lets this process connect only to the addresses that were admitted.

    Python tells of each connection and of each piece of a message by its audit events (PEP 578: socket.connect, smtplib.send,
    http.client.send); how a server answered stands in apprise's own log, which goes nowhere else.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(logging.DEBUG)
        self._say = say
        self.begin(frozenset())

    def begin(self, allowed: frozenset[str] | None) -> None:
        """Begin with a new message, which may go to these addresses only (None: to any)."""
        self.allowed = allowed
        self.handed = False
        self.code: int | None = None

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Be told of an audit event; raises PermissionError for a connection to an address that was not admitted."""
        if event == "socket.connect":
            self._connect(arguments[1])
        elif event == "smtplib.send":  # RFC 5321 §3.3: after DATA the message leaves
            self._maybe_handed(bytes_of(arguments[1])[:4].lower() == b"data")
        elif event == "http.client.send":
            self._maybe_handed(leaves=True)

    def _connect(self, address: object) -> None:
        host = str(address[0]) if isinstance(address, tuple) else ""
        if self.allowed is None or not is_address(host):
            return
        if host not in self.allowed:
            raise PermissionError

    def _maybe_handed(self, leaves: bool) -> None:
        if leaves and not self.handed:
            self.handed = True
            self._say(HANDED)

    def emit(self, record: logging.LogRecord) -> None:
        """Take the code with which a server refused from a line of apprise's log; the line itself is dropped."""
        arguments = record.args if isinstance(record.args, tuple) else ()
        if arguments and str(record.msg).endswith("error=%s.") and isinstance(arguments[-1], int):
            self.code = arguments[-1]
        elif (found := _CODE.match(record.getMessage())) is not None:
            self.code = int(found[1])


def bytes_of(piece: object) -> bytes:
    """Return what is sent as bytes."""
    return piece if isinstance(piece, bytes) else str(piece).encode("ascii", "replace")


def is_address(host: str) -> bool:
    """Whether a host is a literal network address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def mail(job: dict[str, Any]) -> Any:
    """Return what sends a mail through the school's own mail server."""
    from apprise import AppriseAsset
    from apprise.plugins.email.base import NotifyEmail

    server = job["server"]
    make: Any = NotifyEmail
    return make(
        smtp_host=server["host"],
        host=server["host"],
        port=server["port"],
        secure_mode=_SECURE[server["security"]],
        user=server["user"],
        password=server["password"],
        from_addr=server["from"],
        targets=[job["address"]],
        headers={"X-Schoolwatch-Message": job["key"], "Auto-Submitted": "auto-generated"},  # RFC 3834: nobody's robot answers it
        asset=AppriseAsset(app_id="Schoolwatch"),
        format="text",
    )


def webhook(job: dict[str, Any]) -> Any:
    """Return what posts a JSON document to a webhook; redirects are not followed."""
    from apprise import AppriseAsset
    from apprise.plugins.custom_json import NotifyJSON

    parts = urlsplit(job["address"])
    make: Any = NotifyJSON
    return make(
        host=parts.hostname,
        port=parts.port,
        fullpath=parts.path or "/",
        secure=parts.scheme == "https",
        params=dict(parse_qsl(parts.query, keep_blank_values=True)),
        headers={"Idempotency-Key": job["key"]},
        redirect="no",
        asset=AppriseAsset(app_id="Schoolwatch"),
    )


def teams(job: dict[str, Any]) -> Any:
    """Return what posts to a Teams workflow; raises ValueError for an address that is none."""
    from apprise import AppriseAsset
    from apprise.plugins.workflows import NotifyWorkflows

    make: Any = NotifyWorkflows
    found = make.parse_native_url(job["address"])
    if not found:
        raise ValueError("not the address of a Teams workflow")
    found |= {"redirect": "no", "include_image": False, "asset": AppriseAsset(app_id="Schoolwatch")}
    return make(**found)


MAKERS: dict[str, Callable[[dict[str, Any]], Any]] = {"mail": mail, "webhook": webhook, "teams": teams}


def hand_over(job: dict[str, Any], watcher: Watcher) -> dict[str, Any]:
    """Hand a message over once; return whether it was taken, whether it had begun to leave, and the code of a refusal."""
    from apprise.exception import AppriseException

    allowed = job.get("allowed")
    watcher.begin(frozenset(allowed) if allowed is not None else None)
    try:
        plugin = MAKERS[job["kind"]](job)
    except (AppriseException, TypeError, ValueError):
        return {"ok": False, "handed": False, "code": None, "unfit": True}
    plugin.socket_connect_timeout = plugin.socket_read_timeout = PATIENCE
    taken = bool(plugin.notify(body=job["body"], title=job["subject"]))
    return {"ok": taken, "handed": watcher.handed, "code": watcher.code, "unfit": False}


def main() -> None:
    """Read jobs, a line each, until there are no more; hand each over, say how it went."""

    def say(line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    watcher = Watcher(say)
    log = logging.getLogger("apprise")
    log.handlers, log.propagate = [watcher], False
    log.setLevel(logging.DEBUG)
    importlib.import_module("apprise.plugins")
    say(READY)
    sys.addaudithook(watcher.hook)
    for line in sys.stdin:
        end = threading.Timer(LIFE, os._exit, (1,))
        end.daemon = True
        end.start()
        say(json.dumps(hand_over(json.loads(line), watcher)))
        end.cancel()


if __name__ == "__main__":
    main()
