"""Packs that are broken or made to break whoever opens them: for tests of `verify` (evidence.md §7, the row about bundles)."""

from __future__ import annotations

import json
import os
import random
import stat
import struct
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from evidence import bag
from evidence.der import again, inside, parts
from evidence.local_authority import LocalAuthority
from evidence.seal import KEY, MANIFEST, SEAL, SIGNATURE, TOKEN
from evidence.stored_zip import central_record, end_record, local_header
from evidence.tampering import EDITS, Files, closed, hashes_anew, lists_anew, unpacked
from evidence.testing import KEY as OWN_KEY

Broken = Callable[[Files, Path, random.Random], Path]
HOME = "data/SW-2026-0001-E1/"
_CERTIFICATES = 0xA0  # where they stand in a stamp (RFC 5652 §5.1)
_NASTY: tuple[Any, ...] = (
    None,
    True,
    -1,
    2**64,
    1e308,
    "",
    "\ud800",
    "\0",
    "../../x",
    "\u202e\x1b[31m",
    "x" * 10_000,
    [],
    {},
    [[]],
    {"a": {}},
    "9999-12-31T23:59:59.999999Z",
    "0001-01-01T00:00:00.000000Z",
)
_HUGE = (
    b"[" * 1_000_000,
    b"[" + b"[]," * 1_300_000 + b"[]]",
    b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    b"1" * 5_000,
    b"1" * 3_900_000,
    b'"' + b"\\u0000" * 600_000 + b'"',
    b'{"n":NaN,"n":1}\n',
    b"{}\n" * 1_200_000,
    b"\x00\xff" * 1_000_000,
    b"\xef\xbb\xbf{}\n",
    b"[" + b'{"name":"data/x","sha256":"","sha512":"","bytes":1,"media_type":""},' * 50_000 + b"{}]",
    b"{" + b",".join(b'"%d":0' % number for number in range(300_000)) + b"}",
)


def noise(_: Files, target: Path, chance: random.Random) -> Path:
    """Return a file of noise, perhaps with a ZIP's first or last bytes."""
    start = chance.choice((b"", b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"))
    target.write_bytes(start + chance.randbytes(chance.randrange(3_000)) + chance.choice((b"", b"PK\x05\x06" + b"\0" * 18)))
    return target


def many_edits(files: Files, target: Path, chance: random.Random) -> Path:
    """Return a pack with several edits, perhaps with every hash put right."""
    for _ in range(chance.randrange(1, 8)):
        with suppress(KeyError, ValueError, IndexError, TypeError):
            chance.choice(EDITS)(files, chance)
    with suppress(KeyError, ValueError, IndexError, TypeError, AttributeError):
        chance.choice((lists_anew, hashes_anew, len))(files)
    return closed(files, target)


def spoilt_bytes(files: Files, target: Path, chance: random.Random) -> Path:
    """Return a pack's ZIP with noise in it, cut, or with numbers in its headers changed."""
    raw = bytearray(closed(files, target).read_bytes())
    for _ in range(chance.randrange(1, 30)):
        place = chance.randrange(len(raw))
        raw[place : place + 4] = chance.choice((chance.randbytes(4), b"\xff\xff\xff\xff", b"\0\0\0\0", b""))
    target.write_bytes(raw[: chance.choice((len(raw), chance.randrange(1, len(raw))))])
    return target


def odd_json(files: Files, target: Path, chance: random.Random) -> Path:
    """Return a pack in which one value of one JSON file is something else, signed with a key that fits."""
    name = chance.choice([one for one in sorted(files) if one.endswith((".json", ".jsonl"))])
    with suppress(ValueError):
        lines = files[name].splitlines()
        place = chance.randrange(len(lines)) if lines else 0
        lines[place] = json.dumps(_one_changed(json.loads(lines[place]), chance), sort_keys=True, separators=(",", ":")).encode()
        files[name] = b"\n".join(lines) + b"\n"
    _signed(files)
    return closed(files, target)


def _one_changed(value: Any, chance: random.Random) -> Any:
    if isinstance(value, dict) and value and chance.random() < 0.8:  # noqa: PLR2004 - most often further in
        key = chance.choice(sorted(value))
        return value | {key: _one_changed(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < 0.8:  # noqa: PLR2004 - the same
        place = chance.randrange(len(value))
        return [*value[:place], _one_changed(value[place], chance), *value[place + 1 :]]
    return chance.choice(_NASTY)


def _signed(files: Files) -> None:
    """Sign whatever stands in the seals, so that reading goes on behind the signatures."""
    for seal, signature, key in ((HOME + SEAL, HOME + SIGNATURE, HOME + KEY), (bag.PACK_SEAL, bag.PACK_SIGNATURE, KEY)):
        if seal in files:
            files |= {signature: OWN_KEY.sign(files[seal]), key: OWN_KEY.public_pem}
    lists_anew(files)


def huge_json(files: Files, target: Path, chance: random.Random) -> Path:
    """Return a pack in which a file that is read is huge, deep, or no text."""
    names = (HOME + MANIFEST, HOME + SEAL, f"{HOME}data/custody.jsonl", bag.FACTS, bag.REGISTER, bag.PACK_SEAL, bag.LISTS[0], HOME + KEY)
    files[chance.choice(names)] = chance.choice(_HUGE)
    if chance.random() < 0.5:  # noqa: PLR2004 - a coin
        _signed(files)
    return closed(files, target)


def odd_token(files: Files, target: Path, chance: random.Random) -> Path:
    """Return a pack with a stamp, a key or certificates that are something else."""
    name = HOME + chance.choice((TOKEN, TOKEN, "authority.pem", KEY, SIGNATURE))
    content = bytearray(files.get(name, b"") or b"0" * 90)
    for _ in range(chance.randrange(1, 6)):
        place = chance.randrange(len(content))
        content[place] = chance.randrange(256)
    whole = (
        bytes(content),
        bytes(content[: len(content) // 2]),
        b"",
        chance.randbytes(500),
        b"\x30\x84\xff\xff\xff\xff",
        bytes(content) * 9,
    )
    files[name] = chance.choice(whole)
    lists_anew(files)
    return closed(files, target)


def crowded_stamps(files: Files, target: Path, chance: random.Random) -> Path:
    """Return a pack whose stamps bring many certificates that vouch for one another, in one piece of evidence or in many.

    Nobody signs which certificates stand in a stamp: each may be held against each, so that few bytes can ask for very much work.
    """
    if not files.get(HOME + TOKEN):
        return odd_token(files, target, chance)
    home = {name.removeprefix(HOME): content for name, content in files.items() if name.startswith(HOME)}
    pieces, many = chance.choice(((1, 11), (1, 150), (3, 110), (40, 11), (150, 11)))
    for number in range(1, pieces + 1):
        stamp = crowd(home[TOKEN], vouching(f"{LocalAuthority.name} Root", many, chance.choice((0, number))))
        files |= {f"data/SW-2026-0001-E{number}/{name}": stamp if name == TOKEN else content for name, content in home.items()}
    lists_anew(files)
    return closed(files, target)


def crowd(reply: bytes, more: Sequence[bytes]) -> bytes:
    """Return a reply with more certificates (DER) in it; its signature holds as before, as it does not cover them."""
    status, token = parts(reply)
    kind, holder = parts(token)
    fields = [again(one, sorted((*parts(one), *more))) if one[0] == _CERTIFICATES else one for one in parts(inside(holder))]
    return again(reply, [status, again(token, [kind, again(holder, [again(inside(holder), fields)])])])


@cache
def vouching(name: str, many: int, number: int = 0) -> tuple[bytes, ...]:
    """Return so many certificates of this name, all signed with the key of the one that stands last; each `number` gives others."""
    keys = _keys()
    plain = (_certificate(name, name, keys[place % 5], keys[5], 1_000 * number + place + 100) for place in range(many - 1))
    return (*plain, _certificate(name, name, keys[5], keys[5], 1_000 * number + many + 1_000_000, padding=bytes(200)))


def chained_names(names: Sequence[str]) -> tuple[bytes, ...]:
    """Return certificates in a row: each has one of these names and is signed by the next, the last by itself."""
    pairs = zip(names, (*names[1:], names[-1]), strict=True)
    return tuple(_certificate(one, other, _keys()[0], _keys()[0], place) for place, (one, other) in enumerate(pairs, start=100))


@cache
def _keys() -> tuple[ec.EllipticCurvePrivateKey, ...]:
    return tuple(ec.generate_private_key(ec.SECP521R1()) for _ in range(6))


def _certificate(
    name: str, issuer: str, key: ec.EllipticCurvePrivateKey, by: ec.EllipticCurvePrivateKey, serial: int, padding: bytes = b""
) -> bytes:
    """Return a certificate (DER); `padding` makes it longer, so that it comes later in DER's order."""
    subject, above = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in (name, issuer))
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(above)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2040, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectKeyIdentifier(bytes(20)), critical=False)  # nobody's: OpenSSL passes these over, and the stamp holds
    )
    if padding:
        builder = builder.add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.32473.9"), padding), critical=False)
    return builder.sign(by, SHA512()).public_bytes(Encoding.DER)


def foreign_zip(files: Files, target: Path, chance: random.Random) -> Path:
    """Return what other programs would write: compressed, with names that lead outside, twice, with links, with a comment."""
    with zipfile.ZipFile(target, "w", chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)), strict_timestamps=False) as made:
        for name, content in files.items():
            made.writestr(f"pack/{name}", content)
        for name in chance.sample(_NAMES, 4):
            made.writestr(_entry(name, chance), chance.choice((b"/etc/passwd", b"x" * 50, b"\0" * 3_000_000)))
        made.comment = chance.randbytes(chance.randrange(60))
    return target


_NAMES = (
    "../../outside.txt",
    "/tmp/outside.txt",  # noqa: S108 - a name in a ZIP
    "pack/../../outside.txt",
    "C:\\outside.txt",
    "pack\\data\\x",
    "pack/CON",
    "pack/data/PACK.JSON",
    "pack/\u202egpj.txt",
    "pack/a b",
    "pack/" + "n" * 150,
    "~/x",
    "pack/data/",
    "pack//x",
    "x",
)


def _entry(name: str, chance: random.Random) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    kind = chance.choice((stat.S_IFREG, stat.S_IFLNK, stat.S_IFIFO, stat.S_IFDIR))
    entry.external_attr = (kind | 0o777) << 16
    return entry


def bomb(_: Files, target: Path, chance: random.Random) -> Path:
    """Return a ZIP whose files overlap, whose sizes lie, or that says to be far larger than it is."""
    content = b"x" * chance.randrange(1, 200_000)
    local = local_header("p/pack-seal.json", 0, chance.choice((len(content), 2**32 - 1))) + content
    count = chance.randrange(1, 5_001)
    names = (f"p/{number}" if chance.random() < 0.5 else "p/data/pack.json" for number in range(count))  # noqa: PLR2004 - a coin
    size = chance.choice((len(content), 2**32 - 1, 0))
    records = b"".join(central_record(name, 0, size, chance.choice((0, len(local), 2**32 - 1))) for name in names)
    told = chance.choice((count, 0, 65_535))
    target.write_bytes(local + records + end_record(told, chance.choice((len(records), 2**32 - 1)), chance.choice((len(local), 0))))
    return target


def odd_folder(files: Files, target: Path, chance: random.Random) -> Path:
    """Return an unpacked pack with something in it that is no ordinary file, or with names of no pack."""
    folder = unpacked(files, target.with_suffix(""))
    for _ in range(chance.randrange(1, 4)):
        with suppress(OSError):
            chance.choice(_IN_FOLDERS)(folder, folder / chance.choice(sorted(files)), chance)
    return folder


def _link(folder: Path, path: Path, chance: random.Random) -> None:
    path.unlink()
    path.symlink_to(chance.choice((Path("/etc/passwd"), Path("/dev/zero"), folder, path, Path("/proc"))))


def _pipe(_: Path, path: Path, __: random.Random) -> None:
    path.unlink()
    os.mkfifo(path)


def _folder(_: Path, path: Path, __: random.Random) -> None:
    path.unlink()
    path.mkdir()


def _deep(folder: Path, _: Path, chance: random.Random) -> None:
    folder.joinpath(*["a"] * chance.randrange(1, 60)).mkdir(parents=True)


def _name(folder: Path, _: Path, chance: random.Random) -> None:
    name = chance.choice((b"\xff\xfe", b"a\nb", b"\x1b[31m", b"n" * 250, b".hidden", b"-rf", b"CON"))
    Path(os.fsdecode(os.fsencode(folder / "data") + b"/" + name)).write_bytes(b"x")


def _sparse(_: Path, path: Path, chance: random.Random) -> None:
    with path.open("r+b") as file:
        file.truncate(chance.choice((5_000_000, 60_000_000, 1 << 33)))


_IN_FOLDERS: tuple[Callable[[Path, Path, random.Random], None], ...] = (_link, _pipe, _folder, _deep, _name, _sparse)


def zip64(files: Files, target: Path, chance: random.Random) -> Path:
    """Return a pack's ZIP with the marks of the large format, of encryption or of several disks."""
    raw = bytearray(closed(files, target).read_bytes())
    place = raw.rindex(b"PK\x05\x06")
    raw[place + 4 : place + 20] = chance.choice((b"\xff" * 16, struct.pack("<HHHHII", 1, 1, 3, 9, 99, 7), chance.randbytes(16)))
    raw[6:8] = chance.choice((b"\x01\x00", b"\x08\x08", b"\0\0"))
    target.write_bytes(raw)
    return target


KINDS: tuple[Broken, ...] = (
    noise,
    many_edits,
    many_edits,
    spoilt_bytes,
    odd_json,
    odd_json,
    odd_json,
    huge_json,
    odd_token,
    odd_token,
    crowded_stamps,
    foreign_zip,
    bomb,
    odd_folder,
    odd_folder,
    zip64,
)


def broken(clean: Files, target: Path, chance: random.Random) -> tuple[str, Path]:
    """Make a broken pack of some kind at `target` (a name that ends in `.zip`); return the kind and where it lies."""
    kind = chance.choice(KINDS)
    return kind.__name__, kind(dict(clean), target, chance)
