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
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import cast

import certifi
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
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


_SAYS = {
    Fault.EMPTY: "the authority's answer is empty",
    Fault.UNREADABLE: "the authority's answer is no time stamp that can be read (cut off, or something else)",
    Fault.REJECTED: "the authority refused to give a time stamp",
    Fault.OTHER_DATA: "the time stamp speaks of other data than this seal",
    Fault.NONCE: "the time stamp answers another question than ours",
    Fault.PURPOSE: "the certificate behind the time stamp is not one for time stamps",
    Fault.UNKNOWN: "the time stamp comes from an authority that is not known here",
    Fault.SIGNATURE: "the time stamp's signature, or a certificate behind it at that time, does not hold",
}


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


def check(reply: bytes, imprint_of: bytes, roots: Sequence[Certificate], *, nonce: int | None = None) -> Stamped | TokenFault:
    """Return what an authority vouches for, or what is wrong with its answer. Never raises for a bad answer.

    `reply`: the raw answer. `imprint_of`: the bytes that it should speak of (`seal.json`). `roots`: who is believed, with the certificates
    between them and the signer if an answer lacks them. `nonce`: asked for only when the answer is fresh; None for a stored one.
    """
    return check_imprint(reply, sha256(imprint_of), roots, nonce=nonce)


def check_imprint(reply: bytes, imprint: str, roots: Sequence[Certificate], *, nonce: int | None = None) -> Stamped | TokenFault:
    """Return the same as `check`, where only the SHA-256 (hexadecimal) is known."""
    if not reply:
        return TokenFault(Fault.EMPTY)
    read = _read(reply)
    if read is None:
        return TokenFault(Fault.REJECTED if _is_refusal(reply) else Fault.UNREADABLE)
    token, resorted = read
    try:
        with _quietly():
            return _judged(token, imprint, roots, nonce, resorted=resorted)
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


def _judged(
    token: TimeStampResponse, imprint: str, roots: Sequence[Certificate], nonce: int | None, *, resorted: bool
) -> Stamped | TokenFault:
    if token.status != PKIStatus.GRANTED:
        return TokenFault(Fault.REJECTED)
    sent = [load_der_x509_certificate(one) for one in token.signed_data.certificates]
    signer = _signer(token, sent)
    fault = _fault(token, imprint, nonce, signer)
    root = fault or (_root(token, imprint, sent, roots) if _are_whole(sent, roots) else Fault.SIGNATURE)
    if isinstance(root, Fault) or signer is None:
        return TokenFault(root if isinstance(root, Fault) else Fault.SIGNATURE)
    facts = token.tst_info
    return Stamped(
        at=facts.gen_time,
        authority=_name(signer),
        root_sha256=fingerprint(root),
        serial=f"{facts.serial_number:x}",
        accuracy=_accuracy(token),
        resorted=resorted,
    )


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


def _are_whole(sent: Sequence[Certificate], believed: Sequence[Certificate]) -> bool:
    """Whether every certificate that came along is as its issuer signed it, also one that nobody needed; unknown issuers are let pass."""
    for one in sent:
        issuers = [other for other in (*sent, *believed) if other.subject == one.issuer]
        if issuers and not any(_is_signed_by(one, other) for other in issuers):
            return False
    return True


def _is_signed_by(one: Certificate, other: Certificate) -> bool:
    try:
        one.verify_directly_issued_by(other)
    except InvalidSignature:
        return False
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return True  # an old algorithm that cannot be checked here: no ground for suspicion
    return True


def _root(token: TimeStampResponse, imprint: str, sent: Sequence[Certificate], believed: Sequence[Certificate]) -> Certificate | Fault:
    """Return the root that the token chains to, at the token's own time."""
    between = [one for one in believed if not is_root(one)]
    issuers = {one.issuer for one in (*sent, *between)}
    candidates = [one for one in believed if is_root(one) and one.subject in issuers]
    for root in candidates:
        try:
            VerifierBuilder(roots=[root], intermediates=list(between)).build().verify(token, bytes.fromhex(imprint))
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
