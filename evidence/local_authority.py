"""A time-stamping authority of our own on loopback, for tests: a root, a leaf with the critical purpose, replies written by OpenSSL.

`openssl ts -reply` stamps with the machine's time only. So that a test may say what time it is, the time is put in afterwards and the reply
signed again with the authority's key. The structure stays OpenSSL's (RFC 3161 §2.4.2, RFC 5652 §5).
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from evidence.der import again, inside, parts, wrap

CONFIG = """\
[tsa]
default_tsa = own
[own]
serial = serial
signer_cert = leaf.pem
certs = chain.pem
signer_key = leaf.key
signer_digest = sha256
default_policy = 1.3.6.1.4.1.32473.1
digests = sha256
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""
BEGINS, ENDS = datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)
_PURPOSE = {"good": ExtendedKeyUsageOID.TIME_STAMPING, "wrong": ExtendedKeyUsageOID.CODE_SIGNING}


class Trouble(StrEnum):
    """What an authority may do wrong."""

    EMPTY = "empty"
    TRUNCATED = "truncated"
    SIGN_IN_PAGE = "sign-in page"
    OTHER_DATA = "other data"
    WRONG_NONCE = "wrong nonce"
    NO_NONCE = "no nonce"
    REJECTED = "rejected"
    WRONG_EKU = "wrong purpose"
    BAD_SIGNATURE = "bad signature"
    UNSORTED = "unsorted"  # certificates not in DER's order: right, but not strict
    SERVER_FAULT = "server fault"  # 503
    REDIRECT = "redirect"
    HUGE = "huge"


@dataclass
class LocalAuthority:
    """A time-stamping authority at `url`; use it as a context manager. Needs `openssl`.

    `now` says what time its tokens name (None: the machine's); `trouble` what it does wrong; `is_down` whether it hangs up on everybody;
    `ends` when its leaf's certificate runs out. `asked` counts the requests.
    """

    name: str = "Invented Time Authority"
    now: Callable[[], datetime] | None = None
    trouble: Trouble | None = None
    is_down: bool = False
    ends: datetime = ENDS
    key: str = ""  # another word gives other keys under the same names: a forger
    asked: int = 0
    queries: list[bytes] = field(default_factory=list)

    def __enter__(self) -> Self:
        """Make root and leaf, and begin to serve."""
        self._folder = tempfile.TemporaryDirectory(prefix="schoolwatch-authority-")
        self._serial = threading.Lock()
        self._make()
        self._server = _QuietServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving and forget the keys."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._folder.cleanup()

    @staticmethod
    def is_possible() -> bool:
        """Whether this machine has `openssl`."""
        return shutil.which("openssl") is not None

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_port

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}/tsa"

    @property
    def folder(self) -> Path:
        """Where its files lie, as long as it runs."""
        return Path(self._folder.name)

    @property
    def root_pem(self) -> bytes:
        """Its root certificate as PEM."""
        return self.root.public_bytes(Encoding.PEM)

    @property
    def root_sha256(self) -> str:
        """The SHA-256 of its root certificate in DER, as seals name it."""
        return sha256(self.root.public_bytes(Encoding.DER)).hexdigest()

    def root_file(self, folder: Path | None = None) -> Path:
        """Write the root certificate to a file and return its path."""
        path = (folder or self.folder) / "authority.pem"
        path.write_bytes(self.root_pem)
        return path

    def stamp(self, content: bytes, at: datetime | None = None) -> bytes:
        """Return the raw reply over the SHA-256 of `content`, at `at` (None: `now`), without any network; what `seal.tsr` holds."""
        return self.answer(self.query(sha256(content).hexdigest()), at)

    def query(self, imprint: str) -> bytes:
        """Return the question about a SHA-256 (hexadecimal), as OpenSSL asks it."""
        return self._run("-query", "-digest", imprint, "-sha256", "-cert")

    def answer(self, query: bytes, at: datetime | None = None) -> bytes:
        """Return the reply to a request (DER), spoilt as `trouble` says."""
        if self.trouble in _INSTEAD:
            return _INSTEAD[self.trouble]
        reply = self._written_again(self._reply(query), at or (self.now() if self.now else None))
        return reply[: len(reply) // 2] if self.trouble is Trouble.TRUNCATED else reply

    def _reply(self, query: bytes) -> bytes:
        with self._serial:  # OpenSSL counts in a file
            (self.folder / "query.tsq").write_bytes(query)
            return self._run("-reply", "-config", "tsa.cnf", "-queryfile", "query.tsq")

    def _run(self, *words: str) -> bytes:
        program = shutil.which("openssl") or "openssl"
        done = subprocess.run([program, "ts", *words], cwd=self.folder, capture_output=True, check=True, timeout=30)  # noqa: S603 - no shell
        return done.stdout

    def _make(self) -> None:
        self._root_key, self._key = _key(f"{self.name}{self.key} Root"), _key(f"{self.name}{self.key}")
        self.root = _certificate(self._root_key, self._root_key, f"{self.name} Root", f"{self.name} Root", None, ENDS)
        made = {kind: self._leaf(oid) for kind, oid in _PURPOSE.items()}
        self.leaf, self._wrong_leaf = made["good"], made["wrong"]
        pem = self.leaf.public_bytes(Encoding.PEM)
        secret = self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        files = {"tsa.cnf": CONFIG.encode(), "serial": b"1001\n", "leaf.pem": pem, "leaf.key": secret, "chain.pem": self.root_pem}
        for name, content in files.items():
            (self.folder / name).write_bytes(content)

    def _leaf(self, purpose: x509.ObjectIdentifier) -> x509.Certificate:
        return _certificate(self._root_key, self._key, f"{self.name} Root", self.name, purpose, self.ends)

    def _written_again(self, reply: bytes, moment: datetime | None) -> bytes:
        """Return the reply with another time, and with what `trouble` says, signed again."""
        status, token = parts(reply)
        kind, holder = parts(token)
        version, digests, content, _, signers = parts(inside(holder))
        named, wrapped = parts(content)
        facts = inside(inside(wrapped))
        told, leaf = self._told(facts, moment), self._sent_leaf
        signed = (
            version,
            digests,
            again(content, [named, again(wrapped, [wrap(_OCTETS, told)])]),
            wrap(_CERTIFICATES, *self._order(leaf)),
            again(signers, [self._signed(inside(signers), sha256(facts).digest(), sha256(told).digest(), leaf)]),
        )
        return again(reply, [status, again(token, [kind, again(holder, [wrap(_SEQUENCE, *signed)])])])

    def _told(self, facts: bytes, moment: datetime | None) -> bytes:
        """Return what is said about the hash: the stamp's facts with this time (RFC 3161 §2.4.2: TSTInfo)."""
        said = list[bytes]()
        for number, one in enumerate(parts(facts)):
            if one[0] == _TIME and moment is not None:
                said.append(wrap(_TIME, moment.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode()))
            elif number == _IMPRINT and self.trouble is Trouble.OTHER_DATA:
                said.append(again(one, [parts(one)[0], wrap(_OCTETS, sha256(parts(one)[1]).digest())]))
            elif number > _NAMED and one[0] == _INTEGER and self.trouble in {Trouble.WRONG_NONCE, Trouble.NO_NONCE}:
                said += [one[:-1] + bytes([one[-1] ^ 1])] if self.trouble is Trouble.WRONG_NONCE else []
            else:
                said.append(one)
        return again(facts, said)

    def _signed(self, signer: bytes, before: bytes, digest: bytes, leaf: bytes) -> bytes:
        """Return the signer's part with the new digest in it and the signature over that (RFC 5652 §5.4)."""
        version, name, algorithm, attributes, kind, _ = parts(signer)
        own = sha256(self.leaf.public_bytes(Encoding.DER)).digest()
        changed = inside(attributes).replace(before, digest).replace(own, sha256(leaf).digest())
        signature = self._key.sign(wrap(_SET, changed), PKCS1v15(), SHA256())
        if self.trouble is Trouble.BAD_SIGNATURE:
            signature = signature[:-1] + bytes([signature[-1] ^ 1])
        return again(signer, [version, name, algorithm, again(attributes, [changed]), kind, wrap(_OCTETS, signature)])

    @property
    def _sent_leaf(self) -> bytes:
        leaf = self._wrong_leaf if self.trouble is Trouble.WRONG_EKU else self.leaf
        return leaf.public_bytes(Encoding.DER)

    def _order(self, leaf: bytes) -> list[bytes]:
        """Return the certificates that go along: the leaf; with the root, against DER's order, where that is the trouble."""
        both = sorted((leaf, self.root.public_bytes(Encoding.DER)), reverse=True)
        return both if self.trouble is Trouble.UNSORTED else [leaf]


_INTEGER, _OCTETS, _TIME, _SEQUENCE, _SET, _CERTIFICATES = 0x02, 0x04, 0x18, 0x30, 0x31, 0xA0
_IMPRINT, _NAMED = 2, 3  # places in TSTInfo: version, policy, imprint, serial number, time, …, nonce
_REFUSAL = wrap(_SEQUENCE, wrap(_SEQUENCE, b"\x02\x01\x02"))  # RFC 3161 §2.4.2: status 2, rejection, and no token
_INSTEAD = {
    Trouble.EMPTY: b"",
    Trouble.SIGN_IN_PAGE: b"<!doctype html><title>Sign in</title>",
    Trouble.REJECTED: _REFUSAL,
    Trouble.HUGE: b"\x30" * 2_000_000,
}


@cache
def _key(_whose: str) -> RSAPrivateKey:
    """Return a key, made once in a process for each name: making one takes long."""
    return generate_private_key(public_exponent=65537, key_size=2048)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(
    by: RSAPrivateKey, key: RSAPrivateKey, issuer: str, subject: str, purpose: x509.ObjectIdentifier | None, ends: datetime
) -> x509.Certificate:
    """Make a root (no purpose) or a leaf for one purpose (RFC 3161 §2.3: critical)."""
    builder = (
        x509.CertificateBuilder()
        .issuer_name(_name(issuer))
        .subject_name(_name(subject))
        .public_key(key.public_key())
        .serial_number(7 if purpose else 1)
        .not_valid_before(BEGINS)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=purpose is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
        .add_extension(_usage(is_root=purpose is None), critical=True)
    )
    if purpose is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
    return builder.sign(by, SHA256())


def _usage(*, is_root: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_root,
        content_commitment=not is_root,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_root,
        crl_sign=is_root,
        encipher_only=False,
        decipher_only=False,
    )


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing when a client hangs up."""


def _handler(authority: LocalAuthority) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Answer a request for a time stamp (RFC 3161 §3.4)."""
            query = self.rfile.read(int(self.headers.get("content-length", "0")))
            authority.asked += 1
            authority.queries.append(query)
            if authority.is_down:
                self.close_connection = True
                return
            status = _STATUS.get(authority.trouble, 200) if authority.trouble else 200
            body = authority.answer(query) if status == HTTPStatus.OK else b""
            self.send_response(status)
            self.send_header("content-type", "application/timestamp-reply")
            self.send_header("content-length", str(len(body)))
            if authority.trouble is Trouble.REDIRECT:
                self.send_header("location", "/elsewhere")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    return Handler


_STATUS = {Trouble.SERVER_FAULT: 503, Trouble.REDIRECT: 302}
