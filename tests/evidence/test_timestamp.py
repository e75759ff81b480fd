"""Time stamps from outside (RFC 3161): what holds, each fault by its name, expired and unsorted certificates, a second opinion."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from data.errors import EvidenceError
from evidence.broken_packs import chained_names, crowd, vouching
from evidence.der import inside, parts, split, wrap
from evidence.local_authority import Trouble
from evidence.testing import LocalAuthority
from evidence.timestamp import (
    MAX_CERTIFICATES,
    MAX_CHECKS,
    MAX_LINKS,
    SLACK,
    SOON,
    Effort,
    Fault,
    Stamped,
    TokenFault,
    all_roots,
    check,
    check_imprint,
    fingerprint,
    has_usual_key,
    public_roots,
    question,
    read_authority,
    read_roots,
    second_opinion,
)

SEAL = b'{"format":"schoolwatch seal 1","ref":"SW-2026-0001-E1"}\n'
IMPRINT = sha256(SEAL).hexdigest()
AT = datetime(2026, 7, 1, 8, 30, 12, tzinfo=UTC)
FAULTS = {
    Trouble.EMPTY: Fault.EMPTY,
    Trouble.TRUNCATED: Fault.UNREADABLE,
    Trouble.SIGN_IN_PAGE: Fault.UNREADABLE,
    Trouble.HUGE: Fault.UNREADABLE,
    Trouble.REJECTED: Fault.REJECTED,
    Trouble.OTHER_DATA: Fault.OTHER_DATA,
    Trouble.WRONG_NONCE: Fault.NONCE,
    Trouble.NO_NONCE: Fault.NONCE,
    Trouble.WRONG_EKU: Fault.PURPOSE,
    Trouble.BAD_SIGNATURE: Fault.SIGNATURE,
}


def needs_openssl() -> None:
    """Skip where there is no `openssl`, fail where it is required."""
    if LocalAuthority.is_possible():
        return
    if "openssl" in os.environ.get("SCHOOLWATCH_REQUIRE", ""):
        pytest.fail("openssl is required here and is not installed")
    pytest.skip("openssl is not installed: the authority of the tests needs it")


@pytest.fixture
def authority() -> Iterator[LocalAuthority]:
    """An authority of our own."""
    needs_openssl()
    with LocalAuthority() as found:
        yield found


@pytest.fixture
def stranger() -> Iterator[LocalAuthority]:
    """Another one, whom nobody set up."""
    needs_openssl()
    with LocalAuthority(name="Somebody Else") as found:
        yield found


def stamped(found: Stamped | TokenFault) -> Stamped:
    """Return a verdict that must be a good one."""
    assert isinstance(found, Stamped), found
    return found


def test_a_good_answer_names_time_authority_and_root(authority: LocalAuthority) -> None:
    """What an authority vouches for is read off its answer: its time to the second, its name, and the root that a seal names."""
    found = stamped(check(authority.stamp(SEAL, AT), SEAL, [authority.root]))

    assert (found.at, found.authority, found.root_sha256) == (AT, "Invented Time Authority", authority.root_sha256)
    assert found.accuracy == timedelta(seconds=1)
    assert not found.resorted


def test_openssl_reads_our_question(authority: LocalAuthority, tmp_path: Path) -> None:
    """What we ask is what OpenSSL would: the hash, a number of its own each time, and the wish for certificates."""
    asked = question(IMPRINT)
    (tmp_path / "query.tsq").write_bytes(asked.query)
    said = subprocess.run(
        ["openssl", "ts", "-query", "-in", "query.tsq", "-text"], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=30
    ).stdout

    assert "Hash Algorithm: sha256" in said
    assert f"Nonce: 0x{asked.nonce:X}" in said
    assert "Certificate required: yes" in said
    assert asked.nonce != question(IMPRINT).nonce
    assert stamped(check_imprint(authority.answer(asked.query), IMPRINT, [authority.root], nonce=asked.nonce)).serial


@pytest.mark.parametrize("trouble", FAULTS, ids=lambda one: one.name)
def test_each_wrong_answer_has_its_name(authority: LocalAuthority, trouble: Trouble) -> None:
    """Ten ways to answer wrongly: each is refused with its own reason, in plain words."""
    asked = question(IMPRINT)
    authority.trouble = trouble
    found = check_imprint(authority.answer(asked.query), IMPRINT, [authority.root], nonce=asked.nonce)

    assert isinstance(found, TokenFault)
    assert found.kind is FAULTS[trouble]
    assert "time stamp" in found.says or "authority" in found.says


def test_another_authority_is_not_believed(authority: LocalAuthority, stranger: LocalAuthority) -> None:
    """A stamp of somebody whom nobody set up counts for nothing, however good it is in itself."""
    found = check(stranger.stamp(SEAL, AT), SEAL, all_roots([authority.root_pem]))

    assert found == TokenFault(Fault.UNKNOWN)


def test_an_authority_of_the_same_name_is_not_believed(authority: LocalAuthority) -> None:
    """A private authority that calls itself like the known one has another key, and that shows."""
    with LocalAuthority(name=authority.name, key="another") as forger:
        found = check(forger.stamp(SEAL, AT), SEAL, [authority.root])

    assert found == TokenFault(Fault.SIGNATURE)


def test_a_stamp_of_other_data_is_refused_without_its_number(authority: LocalAuthority) -> None:
    """A stored answer is held against the seal itself: one that belongs to another seal is refused."""
    assert check(authority.stamp(SEAL + b" ", AT), SEAL, [authority.root]) == TokenFault(Fault.OTHER_DATA)


def test_certificates_count_as_they_were_at_the_time() -> None:
    """A stamp outlives its certificate; one that was made after the certificate ran out does not hold."""
    needs_openssl()
    with LocalAuthority(ends=datetime(2026, 8, 1, tzinfo=UTC)) as authority:
        before, after = (authority.stamp(SEAL, at) for at in (AT, datetime(2026, 8, 2, tzinfo=UTC)))
        verdicts = [check(reply, SEAL, [authority.root]) for reply in (before, after)]
        later = second_opinion(before, IMPRINT, [authority.root], AT)

    assert isinstance(verdicts[0], Stamped)
    assert verdicts[1] == TokenFault(Fault.SIGNATURE)
    assert later is True


def test_unsorted_certificates_are_put_in_order(authority: LocalAuthority) -> None:
    """OpenSSL writes answers that are no strict DER; they hold, it is said that they were put in order, and OpenSSL agrees."""
    authority.trouble = Trouble.UNSORTED
    reply = authority.stamp(SEAL, AT)
    found = stamped(check(reply, SEAL, [authority.root]))

    assert found.resorted
    assert second_opinion(reply, IMPRINT, [authority.root], found.at) is True


def test_openssl_says_no_where_we_do(authority: LocalAuthority, stranger: LocalAuthority) -> None:
    """The second opinion is one: OpenSSL refuses other data, a broken signature and an unknown authority by itself."""
    good = authority.stamp(SEAL, AT)
    authority.trouble = Trouble.BAD_SIGNATURE
    broken = authority.stamp(SEAL, AT)

    assert second_opinion(good, IMPRINT, [authority.root], AT) is True
    assert second_opinion(good, sha256(b"other").hexdigest(), [authority.root], AT) is False
    assert second_opinion(broken, IMPRINT, [authority.root], AT) is False
    assert second_opinion(good, IMPRINT, [stranger.root], AT) is False


def test_without_openssl_there_is_no_second_opinion(authority: LocalAuthority, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a computer without OpenSSL our own reading stands alone, and says so instead of failing."""
    reply = authority.stamp(SEAL, AT)
    monkeypatch.setenv("PATH", "/nowhere")

    assert second_opinion(reply, IMPRINT, [authority.root], AT) is None
    assert isinstance(check(reply, SEAL, [authority.root]), Stamped)


def test_a_changed_bit_changes_nothing_that_is_said(authority: LocalAuthority) -> None:
    """Every seventh bit of an answer turned over: it is refused, or it says the very same (parts that nobody signs); never a traceback."""
    reply, roots = authority.stamp(SEAL, AT), all_roots([authority.root_pem])
    good, kept = check(reply, SEAL, roots), 0
    for bit in range(0, len(reply) * 8, 7):
        other = bytearray(reply)
        other[bit // 8] ^= 1 << bit % 8
        found = check(bytes(other), SEAL, roots)
        kept += isinstance(found, Stamped)

        assert isinstance(found, TokenFault) or found == good
    assert kept < len(reply) * 8 / 7 / 50


def test_a_changed_certificate_that_nobody_needs_is_seen(authority: LocalAuthority) -> None:
    """The root that came along is not needed, as we hold our own; changed, it still is a sign that somebody was at it."""
    authority.trouble = Trouble.UNSORTED
    reply, root = authority.stamp(SEAL, AT), authority.root.public_bytes(Encoding.DER)
    changed = reply.replace(root, root[:-1] + bytes([root[-1] ^ 1]))

    assert changed != reply
    assert check(changed, SEAL, [authority.root]) == TokenFault(Fault.SIGNATURE)


def test_more_certificates_than_any_authority_sends_are_refused(authority: LocalAuthority) -> None:
    """Twelve are read, whoever they are; thirteen are refused before anything is reckoned with them."""
    reply, effort = authority.stamp(SEAL, AT), Effort()
    most = crowd(reply, vouching("Nobody", MAX_CERTIFICATES - 1))

    assert isinstance(check(most, SEAL, [authority.root]), Stamped)
    assert check(crowd(reply, vouching("Nobody", MAX_CERTIFICATES)), SEAL, [authority.root], effort=effort) == TokenFault(Fault.UNREADABLE)
    assert effort.left == MAX_CHECKS


def test_only_the_certificates_above_the_signer_are_checked(authority: LocalAuthority) -> None:
    """Certificates that came along and have nothing to do with the signer cost nothing but their reading."""
    reply = authority.stamp(SEAL, AT)
    alone, crowded, many = Effort(), Effort(), MAX_CERTIFICATES - 1
    check(reply, SEAL, [authority.root], effort=alone)
    check(crowd(reply, vouching("Nobody", many)), SEAL, [authority.root], effort=crowded)

    assert alone.left - crowded.left == many


def test_a_chain_that_is_longer_than_any_is_refused(authority: LocalAuthority) -> None:
    """Six links above the signer are followed; more are none of an authority."""
    reply, name = authority.stamp(SEAL, AT), f"{authority.name} Root"
    long, short = (crowd(reply, chained_names((name, *(f"Link {place}" for place in range(many))))) for many in (MAX_LINKS, MAX_LINKS - 2))

    assert check(long, SEAL, [authority.root]) == TokenFault(Fault.UNREADABLE)
    assert check(short, SEAL, [authority.root]) != TokenFault(Fault.UNREADABLE)


def test_what_was_checked_costs_nothing_again_and_the_rest_has_an_end(authority: LocalAuthority) -> None:
    """A hundred honest stamps share their certificates; those that bring others each time are not looked at once the effort is spent."""
    reply, effort = authority.stamp(SEAL, AT), Effort()
    honest = [check(reply, SEAL, [authority.root], effort=effort) for _ in range(100)]
    spent = MAX_CHECKS - effort.left
    crowds = (crowd(reply, vouching(f"{authority.name} Root", 11, number)) for number in range(40))
    hostile = [check(one, SEAL, [authority.root], effort=effort) for one in crowds]

    assert {type(one) for one in honest} == {Stamped}
    assert spent <= 100 * 3
    assert hostile[-1] == TokenFault(Fault.TOO_MUCH)
    assert check(reply, SEAL, [authority.root], effort=effort) == TokenFault(Fault.TOO_MUCH)
    assert isinstance(check(reply, SEAL, [authority.root]), Stamped)


def _of_key(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Invented")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key).serial_number(1)
    builder = builder.not_valid_before(AT).not_valid_after(AT + timedelta(days=1))
    return builder.sign(ec.generate_private_key(ec.SECP256R1()), SHA256())


def test_only_keys_of_usual_kinds_and_sizes_are_reckoned_with() -> None:
    """Public numbers may be so large that one check takes as long as hundreds: such keys count as none."""
    usual: list[rsa.RSAPublicKey | ec.EllipticCurvePublicKey] = [
        rsa.RSAPublicNumbers(65_537, (1 << 8_191) + 1).public_key(),
        ec.generate_private_key(ec.SECP384R1()).public_key(),
    ]
    odd: list[rsa.RSAPublicKey | ec.EllipticCurvePublicKey] = [
        rsa.RSAPublicNumbers(65_537, (1 << 8_200) + 1).public_key(),
        rsa.RSAPublicNumbers((1 << 40) + 1, (1 << 3_071) + 1).public_key(),
        ec.generate_private_key(ec.SECP256K1()).public_key(),
    ]

    assert [has_usual_key(_of_key(key)) for key in usual] == [True, True]
    assert [has_usual_key(_of_key(key)) for key in odd] == [False, False, False]


def test_a_stamp_with_a_monstrous_key_is_refused(authority: LocalAuthority) -> None:
    """It makes no difference that nobody needs the certificate: the stamp is none of an authority."""
    monster = _of_key(rsa.RSAPublicNumbers(65_537, (1 << 16_000) + 1).public_key()).public_bytes(Encoding.DER)

    assert check(crowd(authority.stamp(SEAL, AT), [monster]), SEAL, [authority.root]) == TokenFault(Fault.UNREADABLE)


def test_before_and_after_the_capture() -> None:
    """Ten minutes are let pass after a capture, and a minute before it, as a school's clock may be a little fast."""
    captured = datetime(2026, 7, 1, 8, 30, 0, 700_000, tzinfo=UTC)

    def at(span: timedelta) -> Stamped:
        """Return a stamp so long after the capture."""
        return Stamped(captured + span, "x", "0" * 64, "1")

    moment = timedelta(microseconds=1)
    assert [at(one).is_early(captured) for one in (-SLACK - moment, -SLACK, timedelta(0))] == [True, False, False]
    assert [at(one).is_late(captured) for one in (timedelta(0), SOON, SOON + moment)] == [False, False, True]
    assert not Stamped(captured.replace(microsecond=0), "x", "0" * 64, "1").is_early(captured)


def test_the_public_roots_are_those_of_browsers() -> None:
    """Without a word of anybody the authorities are known that browsers believe; each is a certificate that stands for itself."""
    assert len(public_roots()) > 50
    assert all(one.issuer == one.subject for one in public_roots())


def test_a_file_of_roots_must_hold_one(authority: LocalAuthority) -> None:
    """A file without a certificate, without a root, or with several names what is wrong; a good one names the root as seals do."""
    leaf = authority.leaf.public_bytes(Encoding.PEM)
    with pytest.raises(EvidenceError, match="no certificate"):
        read_roots(b"-----BEGIN NOTHING-----")
    with pytest.raises(EvidenceError, match="no root"):
        read_roots(leaf)
    with LocalAuthority(name="Second") as second, pytest.raises(ValueError, match="several"):
        read_authority("http://tsa.example", authority.root_pem + second.root_pem)

    assert read_authority("http://tsa.example", authority.root_pem + leaf).root_sha256 == fingerprint(authority.root)


def test_der_is_taken_apart_and_put_together_again() -> None:
    """Elements of all lengths come out as they went in; what is cut off or no DER is refused."""
    for size in (0, 1, 127, 128, 255, 256, 70_000):
        element = wrap(0x04, b"x" * size)

        assert inside(element) == b"x" * size
        assert parts(wrap(0x30, element, element)) == [element, element]
    for bad in (b"\x04", b"\x04\x05abc", b"\x04\x80abc\x00\x00", b"\x1f\x81\x01\x00", b"\x04\x85\x01\x00\x00\x00\x00a"):
        with pytest.raises(ValueError, match=r"cut off|element|DER"):
            split(bad)
    with pytest.raises(ValueError, match="one element"):
        inside(b"\x04\x00\x04\x00")
