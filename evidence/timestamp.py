"""The word of an outside time-stamping authority about a seal (RFC 3161): what is asked, and whether an answer holds.

Pure and offline: an answer, the bytes it speaks of and the authorities that are believed give a verdict, on any machine, years later:
certificates count as they were at the time that the token names. Nothing here asks anybody; that is the client's (collector/client.py).
"""

from __future__ import annotations

import secrets
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import cast

import certifi
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509 import Certificate, ExtendedKeyUsage, ExtensionNotFound, load_der_x509_certificate, load_pem_x509_certificates
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from rfc3161_client import PKIStatus, TimeStampResponse, VerificationError, VerifierBuilder, decode_timestamp_response
from rfc3161_client.tsp import Accuracy

from data.errors import EvidenceError
from evidence.der import again, inside, parts, wrap
from evidence.seal import sha256

MAX_REPLY = 200_000  # bytes; real replies have some thousands
MAX_CERTIFICATES = 12  # in one reply; real ones carry four at most
MAX_LINKS = 6  # from the signer up to the root; real chains have two or three
MAX_CHECKS = 3_000  # signature checks for all stamps of a pack together: about a millisecond each; the largest real pack asks for 2,300
MAX_RSA, MAX_EXPONENT = 8_192, 32  # bits; beyond them one check may take as long as hundreds
CURVES = frozenset({"secp256r1", "secp384r1", "secp521r1", "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1"})
SOON = timedelta(minutes=10)  # evidence.md §6: a token that is later than this after the capture leaves the time open
SLACK = timedelta(
    minutes=1
)  # by how much a school's clock may be ahead of the authority's before a token counts as earlier than the capture
_OPENSSL_SECONDS = 20.0
_SHA256 = bytes.fromhex("300d06096086480165030402010500")  # AlgorithmIdentifier of SHA-256
_SHA256_OID = "2.16.840.1.101.3.4.2.1"
_CERTIFICATES = 0xA0
_UNREADABLE = (  # what certificates that were tampered with, and numbers out of range, end in
    ValueError,
    TypeError,
    OverflowError,
    LookupError,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    UnsupportedAlgorithm,
    VerificationError,
)


class Fault(StrEnum):
    """What is wrong with an answer."""

    EMPTY = "empty"
    UNREADABLE = "unreadable"  # cut off, a web page, not strictly DER
    REJECTED = "rejected"
    OTHER_DATA = "other_data"
    NONCE = "nonce"  # an answer to another question
    PURPOSE = "purpose"  # its certificate is not for time stamps
    UNKNOWN = "unknown"  # no authority that is believed here stands behind it
    SIGNATURE = "signature"  # the signature, or a certificate at that time, does not hold
    TOO_MUCH = "too_much"  # not looked at: it and those before it ask for more work than any real ones


_SAYS = {
    Fault.EMPTY: "the authority's answer is empty",
    Fault.UNREADABLE: "the authority's answer is no time stamp that can be read (cut off, or something else)",
    Fault.REJECTED: "the authority refused to give a time stamp",
    Fault.OTHER_DATA: "the time stamp speaks of other data than this seal",
    Fault.NONCE: "the time stamp answers another question than ours",
    Fault.PURPOSE: "the certificate behind the time stamp is not one for time stamps",
    Fault.UNKNOWN: "the time stamp comes from an authority that is not known here",
    Fault.SIGNATURE: "the time stamp's signature, or a certificate behind it at that time, does not hold",
    Fault.TOO_MUCH: "the time stamp was not checked: the stamps here ask for far more work than real ones, as if to hold up this computer",
}


class _SpentError(Exception):
    """No more signatures are checked."""


@dataclass
class Effort:
    """How many signature checks may still be made, for one answer or for all of a pack. What was checked before costs nothing again.

    It is counted and not timed, so that the same pack gets the same verdict on a fast and on a slow computer.
    """

    left: int = MAX_CHECKS
    known: dict[tuple[Certificate, Certificate], bool] = field(default_factory=dict)

    @property
    def is_spent(self) -> bool:
        """Whether there was more to check than any real authority asks for."""
        return self.left <= 0

    def spend(self, checks: int) -> None:
        """Take so many checks off; raises when there are not so many left, and from then on always."""
        self.left = self.left - checks if self.left > checks else 0
        if self.is_spent:
            raise _SpentError

    def is_signed_by(self, one: Certificate, other: Certificate) -> bool:
        """Return whether `other` may have signed `one`."""
        if (one, other) not in self.known:
            self.spend(1)
            self.known[one, other] = _is_signed_by(one, other)
        return self.known[one, other]


@dataclass(frozen=True)
class TokenFault:
    """An answer that does not hold, and why, in plain words."""

    kind: Fault

    @property
    def says(self) -> str:
        """The reason for a person."""
        return _SAYS[self.kind]


@dataclass(frozen=True)
class Stamped:
    """An answer that holds: `at` is the authority's time (UTC, most give whole seconds), `accuracy` what it vouches for.

    `root_sha256`: of the root certificate (DER) that it chains to. `resorted`: its certificates stood in another order than strict DER asks
    for; they are not signed, and were put in order before reading.
    """

    at: datetime
    authority: str
    root_sha256: str
    serial: str
    accuracy: timedelta = timedelta(0)
    resorted: bool = False

    def is_early(self, captured_at: datetime) -> bool:
        """Whether it is older than the capture that it speaks of: then the capture's own time is wrong.

        A stamp without fractions of a second and a clock that is a little fast are no fault: a minute is let pass.
        """
        return self.at + self.accuracy + SLACK < captured_at

    def is_late(self, captured_at: datetime) -> bool:
        """Whether it came more than ten minutes after the capture, so that it does not prove the time closely enough."""
        return self.at - captured_at > SOON


@dataclass(frozen=True)
class Question:
    """What is sent to an authority (DER), and the number by which its answer is known as ours."""

    query: bytes
    nonce: int


def question(imprint: str) -> Question:
    """Return what to ask about a SHA-256 (64 hexadecimal digits), with a fresh nonce and the wish for certificates (RFC 3161 §2.4.1)."""
    nonce = secrets.randbits(63) | 1 << 62
    number = nonce.to_bytes(8, "big")
    hashed = wrap(0x30, _SHA256, wrap(0x04, bytes.fromhex(imprint)))
    return Question(wrap(0x30, b"\x02\x01\x01", hashed, wrap(0x02, number), b"\x01\x01\xff"), nonce)


def check(
    reply: bytes, imprint_of: bytes, roots: Sequence[Certificate], *, nonce: int | None = None, effort: Effort | None = None
) -> Stamped | TokenFault:
    """Return what an authority vouches for, or what is wrong with its answer. Never raises for a bad answer.

    `reply`: the raw answer. `imprint_of`: the bytes that it should speak of (`seal.json`). `roots`: who is believed, with the certificates
    between them and the signer if an answer lacks them. `nonce`: asked for only when the answer is fresh; None for a stored one.
    `effort`: what may be spent on this answer and others together; None: as much for this one alone.
    """
    return check_imprint(reply, sha256(imprint_of), roots, nonce=nonce, effort=effort)


def check_imprint(
    reply: bytes, imprint: str, roots: Sequence[Certificate], *, nonce: int | None = None, effort: Effort | None = None
) -> Stamped | TokenFault:
    """Return the same as `check`, where only the SHA-256 (hexadecimal) is known."""
    if not reply:
        return TokenFault(Fault.EMPTY)
    effort = effort or Effort()
    if effort.is_spent:
        return TokenFault(Fault.TOO_MUCH)
    read = _read(reply)
    if read is None:
        return TokenFault(Fault.REJECTED if _is_refusal(reply) else Fault.UNREADABLE)
    token, resorted = read
    try:
        with _quietly():
            return _judged(_Asked(token, imprint, roots, nonce, effort), resorted=resorted)
    except _SpentError:
        return TokenFault(Fault.TOO_MUCH)
    except _UNREADABLE:
        return TokenFault(Fault.UNREADABLE)


def _read(reply: bytes) -> tuple[TimeStampResponse, bool] | None:
    """Read an answer; what is only unsorted is put in order first (OpenSSL writes such answers: InvalidSetOrdering). None: no token."""
    if len(reply) > MAX_REPLY:
        return None
    for content, resorted in ((reply, False), (_in_order(reply), True)):
        try:
            if content is not None:
                return decode_timestamp_response(content), resorted
        except ValueError:
            continue
    return None


def _in_order(reply: bytes) -> bytes | None:
    """Return an answer with its certificates in DER's order (X.690 §11.6); None for what cannot be taken apart. They are not signed."""
    try:
        status, token = parts(reply)
        kind, holder = parts(token)
        fields = parts(inside(holder))
        fields = [again(one, sorted(parts(one))) if one[0] == _CERTIFICATES else one for one in fields]
        return again(reply, [status, again(token, [kind, again(holder, [again(inside(holder), fields)])])])
    except (ValueError, IndexError):
        return None


def _is_refusal(reply: bytes) -> bool:
    """Whether an answer says no: a status other than granted, and no token (RFC 3161 §2.4.2)."""
    try:
        status, *rest = parts(reply)
        return not rest and inside(parts(status)[0]) not in {b"\x00", b"\x01"}
    except (ValueError, IndexError):
        return False


@dataclass(frozen=True)
class _Asked:
    """One answer, and everything that it is held against."""

    token: TimeStampResponse
    imprint: str
    roots: Sequence[Certificate]
    nonce: int | None
    effort: Effort


def _judged(asked: _Asked, *, resorted: bool) -> Stamped | TokenFault:
    token = asked.token
    if token.status != PKIStatus.GRANTED:
        return TokenFault(Fault.REJECTED)
    sent = _sent(token)
    signer = _signer(token, sent)
    fault = _fault(token, asked.imprint, asked.nonce, signer)
    if fault or signer is None:
        return TokenFault(fault or Fault.SIGNATURE)
    root = _root(asked, sent) if _is_whole(signer, sent, asked.roots, asked.effort) else Fault.SIGNATURE
    if isinstance(root, Fault):
        return TokenFault(root)
    facts = token.tst_info
    return Stamped(
        at=facts.gen_time,
        authority=_name(signer),
        root_sha256=fingerprint(root),
        serial=f"{facts.serial_number:x}",
        accuracy=_accuracy(token),
        resorted=resorted,
    )


def _sent(token: TimeStampResponse) -> list[Certificate]:
    """Return the certificates that came along; raises ValueError for more than any authority sends, or keys that take long to check."""
    raw = list(token.signed_data.certificates)
    if len(raw) > MAX_CERTIFICATES:
        raise ValueError("more certificates than any authority sends")
    sent = [load_der_x509_certificate(one) for one in raw]
    if not all(has_usual_key(one) for one in sent):
        raise ValueError("a key of a kind or size that no authority has")
    return sent


def has_usual_key(certificate: Certificate) -> bool:
    """Whether a certificate's key is of a kind and a size that authorities have, so that a check with it is soon done."""
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return False
    if isinstance(key, RSAPublicKey):
        return key.key_size <= MAX_RSA and key.public_numbers().e.bit_length() <= MAX_EXPONENT
    if isinstance(key, EllipticCurvePublicKey):
        return key.curve.name in CURVES
    return isinstance(key, Ed25519PublicKey | Ed448PublicKey)


def _fault(token: TimeStampResponse, imprint: str, nonce: int | None, signer: Certificate | None) -> Fault | None:
    """Return what is wrong with what a token says, whoever signed it."""
    facts = token.tst_info
    if facts.message_imprint.hash_algorithm.dotted_string != _SHA256_OID or facts.message_imprint.message.hex() != imprint:
        return Fault.OTHER_DATA
    if nonce is not None and facts.nonce != nonce:
        return Fault.NONCE
    if signer is None:
        return Fault.SIGNATURE
    return None if _may_stamp(signer) else Fault.PURPOSE


def _signer(token: TimeStampResponse, sent: Sequence[Certificate]) -> Certificate | None:
    infos = list(token.signed_data.signer_infos)
    if len(infos) != 1:
        return None
    return next((one for one in sent if (one.issuer, one.serial_number) == (infos[0].issuer, infos[0].serial_number)), None)


def _may_stamp(signer: Certificate) -> bool:
    """RFC 3161 §2.3: the purpose "time stamps" alone, marked critical."""
    try:
        purpose = signer.extensions.get_extension_for_class(ExtendedKeyUsage)
    except ExtensionNotFound:
        return False
    return purpose.critical and list(purpose.value) == [ExtendedKeyUsageOID.TIME_STAMPING]


def _is_whole(signer: Certificate, sent: Sequence[Certificate], believed: Sequence[Certificate], effort: Effort) -> bool:
    """Whether every certificate from the signer upwards that came along is as its issuer signed it; unknown issuers are let pass.

    Who is above whom goes by the names. Others that came along are signed by nobody here, need nobody, and are not looked at. Raises
    ValueError when there are more links than any authority has.
    """
    level, seen = [signer], {signer}
    for _ in range(MAX_LINKS):
        issuers = {one: [other for other in (*sent, *believed) if other.subject == one.issuer] for one in level}
        for one in (one for one in level if one in sent and issuers[one]):
            if not any(effort.is_signed_by(one, other) for other in issuers[one]):
                return False
        level = [one for one in dict.fromkeys(other for found in issuers.values() for other in found) if one not in seen]
        seen.update(level)
    if level:
        raise ValueError("more links than any authority has")
    return True


def _is_signed_by(one: Certificate, other: Certificate) -> bool:
    try:
        one.verify_directly_issued_by(other)
    except InvalidSignature:
        return False
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return True  # an old algorithm that cannot be checked here: no ground for suspicion
    return True


def _root(asked: _Asked, sent: Sequence[Certificate]) -> Certificate | Fault:
    """Return the root that the token chains to, at the token's own time."""
    believed = asked.roots
    between = [one for one in believed if not is_root(one)]
    issuers = {one.issuer for one in (*sent, *between)}
    candidates = [one for one in believed if is_root(one) and one.subject in issuers]
    for root in candidates:
        asked.effort.spend(1 + len(sent) + len(between))  # OpenSSL may check so many on the way
        try:
            VerifierBuilder(roots=[root], intermediates=list(between)).build().verify(asked.token, bytes.fromhex(asked.imprint))
        except VerificationError:
            continue
        return root
    known = {fingerprint(one) for one in candidates}
    named = [one for one in sent if is_root(one)]
    return Fault.SIGNATURE if candidates and all(fingerprint(one) in known for one in named) else Fault.UNKNOWN


def _accuracy(token: TimeStampResponse) -> timedelta:
    found = cast("Accuracy | None", token.tst_info.accuracy)  # the field is optional (RFC 3161 §2.4.2), whatever the library's types say
    if found is None:
        return timedelta(0)
    return timedelta(seconds=found.seconds or 0, milliseconds=found.millis or 0, microseconds=found.micros or 0)


def _name(signer: Certificate) -> str:
    """Return who signs, for a person: the certificate's own name."""
    named = signer.subject.get_attributes_for_oid(NameOID.COMMON_NAME) or signer.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return "".join(char if char.isprintable() else "?" for char in str(named[0].value))[:200] if named else "an authority without a name"


def is_root(certificate: Certificate) -> bool:
    """Whether a certificate stands for itself."""
    return certificate.issuer == certificate.subject


def fingerprint(certificate: Certificate) -> str:
    """Return the SHA-256 of a certificate in DER: how seals name an authority."""
    return sha256(certificate.public_bytes(Encoding.DER))


@cache
def public_roots() -> tuple[Certificate, ...]:
    """Return the roots that browsers believe, as they come with this program."""
    with _quietly():
        return tuple(load_pem_x509_certificates(Path(certifi.where()).read_bytes()))


@contextmanager
def _quietly() -> Iterator[None]:
    """Read old and odd certificates without a word: whether they count is decided here, not by a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        yield


def read_roots(pem: bytes) -> tuple[Certificate, ...]:
    """Return the certificates of a PEM file: one root or more, and what stands between them and the signer; raises EvidenceError."""
    try:
        with _quietly():
            found = tuple(load_pem_x509_certificates(pem))
    except ValueError as error:
        raise EvidenceError("the file holds no certificate in PEM; ask the authority for its root certificate as PEM") from error
    if not any(is_root(one) for one in found):
        raise EvidenceError("the file holds no root certificate, only others; ask the authority for its root certificate as PEM")
    return found


@dataclass(frozen=True)
class Authority:
    """A time-stamping authority that is asked: its address, its one root, and what may stand between that and the signer."""

    url: str
    certificates: tuple[Certificate, ...]

    @property
    def root_sha256(self) -> str:
        """The SHA-256 of its root certificate (DER), as seals name it."""
        return next(fingerprint(one) for one in self.certificates if is_root(one))


def read_authority(url: str, pem: bytes) -> Authority:
    """Return an authority by the PEM file with its one root; raises ValueError for none or several: a seal names one."""
    try:
        found = read_roots(pem)
    except EvidenceError as error:
        raise ValueError(str(error)) from error
    if sum(is_root(one) for one in found) != 1:
        raise ValueError("the file holds several root certificates")
    return Authority(url, found)


def all_roots(pems: Iterable[bytes] = ()) -> tuple[Certificate, ...]:
    """Return who is believed: the public roots and those of these PEM files; raises EvidenceError."""
    return (*public_roots(), *(one for pem in pems for one in read_roots(pem)))


def second_opinion(reply: bytes, imprint: str, roots: Sequence[Certificate], at: datetime) -> bool | None:
    """Return what OpenSSL says of an answer, as of the token's own time; None where there is no OpenSSL or it does not come to an end."""
    program = shutil.which("openssl")
    if program is None:
        return None
    with tempfile.TemporaryDirectory(prefix="schoolwatch-tsa-") as folder:
        files = {"reply.tsr": reply, **{f"{kind}.pem": content for kind, content in _pems(roots)}}
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        words = [program, "ts", "-verify", "-in", "reply.tsr", "-digest", imprint, "-CAfile", "roots.pem"]
        words += ["-untrusted", "between.pem"] * bool(files["between.pem"]) + ["-attime", str(int(at.timestamp()))]
        try:
            done = subprocess.run(words, cwd=folder, capture_output=True, check=False, timeout=_OPENSSL_SECONDS)  # noqa: S603 - no shell
        except (OSError, subprocess.TimeoutExpired):
            return None
    return done.returncode == 0


def _pems(roots: Sequence[Certificate]) -> Iterator[tuple[str, bytes]]:
    for name, wanted in (("roots", True), ("between", False)):
        yield name, b"".join(one.public_bytes(Encoding.PEM) for one in roots if is_root(one) is wanted)
