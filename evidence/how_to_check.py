"""HOW-TO-CHECK.txt: how a stranger checks a pack with tools that every Linux and macOS computer has, without us.

Each line that is indented by four spaces is a command that works as it stands, from inside the unpacked folder; the tests run every one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from evidence.bundle_check import AUTHORITY, spoken
from evidence.seal import KEY, MANIFEST, SEAL, SIGNATURE, TOKEN

COMMAND = "    "  # what a command's line begins with


@dataclass(frozen=True)
class Subject:
    """One piece of evidence in the pack. `token_at`: the time that an authority vouches for, when its word is in the pack."""

    ref: str
    token_at: datetime | None = None
    can_be_verified: bool = False  # the authority's certificate is in the pack too


def how_to_check(name: str, key_id: str, subjects: Iterable[Subject], *, note: str = "") -> bytes:
    """Return the file for a pack of this name, sealed by the installation with this key; `note`: what stands above everything (ASCII)."""
    every = tuple(subjects)
    parts = (_HEAD.format(name=name), _LISTS, _PACK.format(key_id=key_id), *(_one(subject) for subject in every), _witness(every), _FOOT)
    return "\n".join((*((f"{note}\n",) if note else ()), *parts)).encode("ascii")


def commands(content: bytes) -> tuple[str, ...]:
    """Return the commands in such a file."""
    lines = content.decode("ascii").splitlines()
    return tuple(line.removeprefix(COMMAND) for line in lines if line.startswith(COMMAND))


_HEAD = """\
HOW TO CHECK THIS PACK ({name})

You need no program of ours. You need a Linux or macOS computer with the usual tools (sha256sum, sha512sum, grep, sed) and OpenSSL 3.
  macOS: OpenSSL 3 is not the "openssl" that comes with the computer; install it first. Where sha256sum is missing, use shasum -a 256.
  Windows: certutil -hashfile FILE SHA256 shows the hash of one file; compare it by eye with the list. For the rest, ask for Linux.

1. Unpack the ZIP into an empty folder. Open a terminal and go into the folder {name} (the one in which this text lies).
2. Do not open or add files there before you are done: some computers write files beside what is looked at. Where .DS_Store, Thumbs.db or
   desktop.ini is named as added, your own computer may have put it there: delete it and check again, or let the ZIP file itself be checked.
3. Copy each line that is indented by four spaces into the terminal, as it stands.
"""
_LISTS = """\
A. NO FILE WAS CHANGED ON THE WAY
Every line must say OK; nothing may FAIL, and no WARNING may follow.

    sha256sum --strict -c manifest-sha256.txt
    sha512sum --strict -c manifest-sha512.txt
    sha256sum --strict -c tagmanifest-sha256.txt
    sha512sum --strict -c tagmanifest-sha512.txt

Proves: the files are those in the lists.
Does not prove: that nobody wrote files and lists anew. The next steps are about that.
"""
_PACK = """\
B. THE PACK WAS PUT TOGETHER BY THE SCHOOL'S INSTALLATION
The first must say "Signature Verified Successfully". The others print the line that they looked for; printing nothing means CHANGED.

    openssl pkeyutl -verify -pubin -inkey seal-key.pem -rawin -in pack-seal.json -sigfile pack-seal.sig
    grep -o "\\"manifest-sha256.txt\\":\\"$(sha256sum < manifest-sha256.txt | cut -c1-64)\\"" pack-seal.json
    grep -o "\\"manifest-sha512.txt\\":\\"$(sha256sum < manifest-sha512.txt | cut -c1-64)\\"" pack-seal.json
    grep -o "\\"HOW-TO-CHECK.txt\\":\\"$(sha256sum < HOW-TO-CHECK.txt | cut -c1-64)\\"" pack-seal.json

The key's fingerprint, which the school can tell you by telephone or letter, is
  {key_id}
and this command must print a line with it:

    grep -o "\\"key_id\\":\\"$(openssl pkey -pubin -in seal-key.pem -outform DER | tail -c 32 | sha256sum | cut -c1-64)\\"" pack-seal.json

Proves: whoever holds this key made the pack. Compare the fingerprint with one that you have from the school by another way.
Does not prove: when it was made, nor that the holder of the key was honest.
"""
_ONE = """\
C. EVIDENCE {ref}
The seal is the school's; the list of files is the one that was sealed; each file is the one in that list; and the school's log of
evidence holds this seal.

    openssl pkeyutl -verify -pubin -inkey {at}{key} -rawin -in {at}{seal} -sigfile {at}{signature}
    grep -o "\\"manifest_sha256\\":\\"$(sha256sum < {at}{manifest} | cut -c1-64)\\"" {at}{seal}
    grep -o '"name":"[^"]*","sha256":"[0-9a-f]*"' {at}{manifest} | sed 's|.*:"\\(.*\\)",.*:"\\(.*\\)"|\\2  {at}\\1|' | sha256sum --strict -c
    grep "\\"detail\\":\\"$(sha256sum < {at}{seal} | cut -c1-64)\\".*\\"what\\":\\"sealed\\"" data/register.jsonl

Proves: nothing in this evidence was changed since it was sealed by the holder of the key.
Does not prove by itself: that the holder of the key did not seal it anew. The time stamp and the witness code stand against that.
"""
_STAMPED = """\
The time: an outside authority confirmed that this seal existed by {spoken}. It must say "Verification: OK". (The number
behind -attime is that moment, so that the command works also when the authority's certificate has run out. The two lines after it show
the authority's own time and the fingerprint of its root certificate: compare both, the fingerprint with one from the authority itself,
and the number after "authority" in {at}{seal}.)

    openssl ts -verify -data {at}{seal} -in {at}{token} -CAfile {at}{authority} -attime {seconds}
    openssl ts -reply -in {at}{token} -text
    openssl x509 -in {at}{authority} -noout -subject -fingerprint -sha256

Proves: not even the holder of the key can have changed this later than the time stamp.
Does not prove: that the page told the truth, or who wrote it.
"""
_NO_ROOT = """\
The time: an outside authority's word is in {at}{token}, but its certificate is not in this pack. Get the root certificate from the
authority and use: openssl ts -verify -data {at}{seal} -in {at}{token} -CAfile ITS-CERTIFICATE -attime {seconds}
"""
_NOT_STAMPED = """\
The time: no outside authority has confirmed it. It rests on the clock of the school's computer.
"""


def _one(subject: Subject) -> str:
    names = {"at": f"data/{subject.ref}/", "key": KEY, "seal": SEAL, "signature": SIGNATURE, "manifest": MANIFEST}
    text = _ONE.format(ref=subject.ref, **names)
    if subject.token_at is None:
        return text + _NOT_STAMPED
    told = {"token": TOKEN, "authority": AUTHORITY, "spoken": spoken(subject.token_at), "seconds": int(subject.token_at.timestamp())}
    return text + (_STAMPED if subject.can_be_verified else _NO_ROOT).format(**names, **told)


def _witness(subjects: tuple[Subject, ...]) -> str:
    return "\n".join(_witness_lines(subjects)) + "\n"


def _witness_lines(subjects: tuple[Subject, ...]) -> Iterator[str]:
    yield "D. THE WITNESS CODE"
    yield "It stands in each request that the school sent about this evidence, and somebody else may have noted it. Compare it with:"
    yield ""
    yield from (f"{COMMAND}sha256sum data/{subject.ref}/{SEAL}" for subject in subjects)
    yield ""
    yield from _PAPERS
    yield ""
    yield f"{COMMAND}sha256sum pack-seal.json"
    yield ""
    yield "Proves, when the codes are the same: this is what the school had when the code was sent, whoever holds the key today."


_PAPERS = (
    "The time stamps cover the evidence only. The report, the chronology and the lists rest on the school's key alone: who holds it can",
    "write them anew, and everything above still says OK. Compare the code of the whole pack, which the next command shows, with the",
    "line of its export in the school's register, or with a note of it that somebody else keeps.",
)
_FOOT = """\
WHAT NONE OF THIS CAN SHOW
A page that was forged before it was captured, or shown to the school only. Who wrote it. A wrong clock of the school's computer where
no authority's time stamp is. Evidence that was thrown away. A person at the school who holds the key, the log, the mail of the second
person and every backup. Whether what people said and wrote is true.

WITH SCHOOLWATCH (no database, no network needed)
  schoolwatch verify FOLDER-OR-ZIP
  GREEN       unchanged, and the time of the evidence is proven by an outside authority
  AMBER       unchanged, but the time is not proven to you; each reason is named
  RED         changed; each changed file is named
  UNREADABLE  this is not a pack, or it was cut off
Under GREEN and AMBER it says so when nobody has compared the code of the whole pack (D): give it with --witness, or give --register.
More certainty: --key FINGERPRINT, --witness CODE, --register FILE, --authority CERTIFICATE.
"""
