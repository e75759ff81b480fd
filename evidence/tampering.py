"""What somebody would do who wants a pack to tell something else: every kind of edit, with and without the installation's key.

For tests: each edit works on a pack's files by their names inside its folder, and may put right whatever can be put right without the key.
"""

from __future__ import annotations

import json
import random
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from data.model.evidence import CustodyEvent
from evidence import bag
from evidence.custody import event_hash
from evidence.keys import SealKey
from evidence.seal import FIRST, KEY, LOG, MANIFEST, SEAL, SIGNATURE, canonical, sha256, sha512, stamp
from evidence.shelf import Digest
from evidence.stored_zip import write

_LONG = 50
Files = dict[str, bytes]


def opened(pack: Path) -> Files:
    """Return a pack's files by their names inside its folder."""
    with zipfile.ZipFile(pack) as found:
        return {name.partition("/")[2]: found.read(name) for name in found.namelist()}


def closed(files: Mapping[str, bytes], target: Path) -> Path:
    """Write the files as a pack is written, in the one right order and the folder that its seal names, and return the path."""
    top = _folder(files) or target.stem
    with target.open("wb") as out:
        write(out, ((f"{top}/{name}", files[name]) for name in sorted(files)))
    return target


def _folder(files: Mapping[str, bytes]) -> str:
    try:
        named = json.loads(files[bag.PACK_SEAL])["name"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return named if isinstance(named, str) and named.isascii() and named.isalnum() and len(named) < _LONG else ""


def unpacked(files: Mapping[str, bytes], target: Path) -> Path:
    """Write the files into a folder and return it."""
    for name, content in files.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return target


def _digests(files: Mapping[str, bytes]) -> dict[str, Digest]:
    return {name: Digest(sha256(content), sha512(content), len(content)) for name, content in files.items()}


def lists_anew(files: Files) -> None:
    """Write the bag's four lists anew: everybody can (evidence.md §2)."""
    files |= bag.lists(_digests(files))
    files |= bag.tag_lists(_digests({name: content for name, content in files.items() if name not in bag.TAG_LISTS}))


def refs(files: Files) -> list[str]:
    """Return the numbers of the evidence in a pack."""
    return sorted(name.split("/")[1] for name in files if name.endswith(f"/{SEAL}"))


def hashes_anew(files: Files) -> None:
    """Put every hash right that needs no key: manifests, logs, seals, the register's lines, the lists; only the signatures stay."""
    for ref in refs(files):
        _seal_anew(files, ref)
    pack_seal_anew(files)
    lists_anew(files)


def all_anew(files: Files, key: SealKey, *, authority: str | None = None) -> None:
    """Put everything right with a key, one's own or the installation's. `authority`: the fingerprint that the seals shall name then."""
    for ref in refs(files):
        _seal_anew(files, ref, key, authority)
    pack_seal_anew(files, key)
    lists_anew(files)


def _seal_anew(files: Files, ref: str, key: SealKey | None = None, authority: str | None = None) -> None:
    at, before = f"data/{ref}/", sha256(files[f"data/{ref}/{SEAL}"])
    listed, sealed = _json(files, at + MANIFEST), _json(files, at + SEAL)
    steps = _log_anew(files, f"{at}data/{LOG}")
    for line in listed["files"]:
        content = files.get(at + line["name"], b"")
        line |= {"sha256": sha256(content), "sha512": sha512(content), "bytes": len(content)}
    files[at + MANIFEST] = canonical(listed)
    sealed |= {"manifest_sha256": sha256(files[at + MANIFEST]), "log_lines": len(steps), "log_head": steps[-1]["hash"] if steps else FIRST}
    if authority:
        sealed["authority"] = authority
    if key:
        sealed["key_id"] = key.id
    files[at + SEAL] = canonical(sealed)
    if key:
        files |= {at + SIGNATURE: key.sign(files[at + SEAL]), at + KEY: key.public_pem}
    _told_anew(files, ref, before, listed["facts"])


def _log_anew(files: Files, name: str) -> list[dict[str, Any]]:
    steps = [json.loads(line) for line in files[name].splitlines()]
    before = FIRST
    for number, step in enumerate(steps, start=1):
        step |= {"n": number, "prev": before}
        step["hash"] = sha256(canonical({field: value for field, value in step.items() if field != "hash"}))
        before = step["hash"]
    files[name] = b"".join(map(canonical, steps))
    return steps


def _told_anew(files: Files, ref: str, before: str, facts: Mapping[str, Any]) -> None:
    """Make the register's lines and the pack's facts tell the new seal."""
    at, told = f"data/{ref}/", _json(files, bag.FACTS)
    for one in told["captures"]:
        if one["ref"] == ref:
            one |= {"seal_sha256": sha256(files[at + SEAL]), "manifest_sha256": sha256(files[at + MANIFEST])}
            one |= {"captured_at": facts["captured_at"], "kind": facts["kind"]}
    files[bag.FACTS] = canonical(told)
    files[bag.REGISTER] = register_anew(files[bag.REGISTER].replace(before.encode(), sha256(files[at + SEAL]).encode()))


def register_anew(lines: bytes) -> bytes:
    """Chain a register's lines anew."""
    events = [CustodyEvent.model_validate_json(line) for line in lines.splitlines()]
    before, done = events[0].before if events else FIRST, []
    for event in events:
        linked = event.model_copy(update={"before": before})
        linked = linked.model_copy(update={"hash": event_hash(linked)})
        done.append(canonical(linked.model_dump() | {"at": stamp(linked.at)}))
        before = linked.hash
    return b"".join(done)


def pack_seal_anew(files: Files, key: SealKey | None = None) -> None:
    """Make the pack's own seal name what is there now, and sign it if there is a key."""
    files |= bag.lists(_digests(files))
    sealed = _json(files, bag.PACK_SEAL)
    sealed["files"] = {name: sha256(files.get(name, b"")) for name in bag.SEALED_TAGS}
    if key:
        sealed["key_id"] = key.id
    files[bag.PACK_SEAL] = canonical(sealed)
    if key:
        files |= {bag.PACK_SIGNATURE: key.sign(files[bag.PACK_SEAL]), KEY: key.public_pem}


def _json(files: Files, name: str) -> dict[str, Any]:
    found = json.loads(files[name])
    return found if isinstance(found, dict) else {}


Edit = Callable[[Files, random.Random], str]


def flip_a_bit(files: Files, chance: random.Random) -> str:
    """Change one bit of one file."""
    name = chance.choice(sorted(name for name in files if files[name]))
    place = chance.randrange(len(files[name]))
    changed = bytearray(files[name])
    changed[place] ^= 1 << chance.randrange(8)
    files[name] = bytes(changed)
    return f"a bit of {name} at {place}"


def delete(files: Files, chance: random.Random) -> str:
    """Throw a file away."""
    name = chance.choice(sorted(files))
    del files[name]
    return f"{name} deleted"


def truncate(files: Files, chance: random.Random) -> str:
    """Cut a file short."""
    name = chance.choice(sorted(name for name in files if files[name]))
    files[name] = files[name][: chance.randrange(len(files[name]))]
    return f"{name} cut to {len(files[name])}"


def append(files: Files, chance: random.Random) -> str:
    """Hang something on a file."""
    name = chance.choice(sorted(files))
    files[name] += chance.choice((b"\n", b" ", b"\0", b"x", chance.randbytes(9)))
    return f"something behind {name}"


def swap(files: Files, chance: random.Random) -> str:
    """Let two files change places."""
    one, two = chance.sample(sorted(files), 2)
    while files[one] == files[two]:
        one, two = chance.sample(sorted(files), 2)
    files[one], files[two] = files[two], files[one]
    return f"{one} and {two} swapped"


def add(files: Files, chance: random.Random) -> str:
    """Put another file in."""
    where = chance.choice(("", "data/", f"data/{refs(files)[0]}/", f"data/{refs(files)[0]}/data/", "data/checks/"))
    name = where + chance.choice(("extra.txt", "seal.txt", "page-full-99.png", "z", "..", ".hidden", "a b", "CUSTODY.JSONL"))
    files[name] = chance.randbytes(chance.randrange(40))
    return f"{name} added"


def rename(files: Files, chance: random.Random) -> str:
    """Give a file another name."""
    name = chance.choice(sorted(files))
    files[f"{name}{chance.choice('0x_')}"] = files.pop(name)
    return f"{name} renamed"


def cut_the_log(files: Files, chance: random.Random) -> str:
    """Take a line out of a log or out of the register's lines, most often the last."""
    name = _some_log(files, chance)
    lines = files[name].splitlines(keepends=True)
    gone = chance.choice((len(lines) - 1, chance.randrange(len(lines))))
    files[name] = b"".join(lines[:gone] + lines[gone + 1 :])
    return f"line {gone} cut out of {name}"


def swap_in_the_log(files: Files, chance: random.Random) -> str:
    """Let two lines of a log change places."""
    name = _some_log(files, chance)
    lines = files[name].splitlines(keepends=True)
    one, two = chance.sample(range(len(lines)), 2)
    lines[one], lines[two] = lines[two], lines[one]
    files[name] = b"".join(lines)
    return f"lines {one} and {two} of {name} swapped"


def _some_log(files: Files, chance: random.Random) -> str:
    return chance.choice(sorted(f"data/{ref}/data/{LOG}" for ref in refs(files)))


def back_date(files: Files, chance: random.Random) -> str:
    """Say that it was captured months before."""
    name = f"data/{chance.choice(refs(files))}/{MANIFEST}"
    listed = _json(files, name)
    listed["facts"]["captured_at"] = listed["facts"]["captured_at"].replace("2026", str(chance.randrange(2001, 2026)))
    files[name] = canonical(listed)
    return f"{name} back-dated to {listed['facts']['captured_at']}"


def say_otherwise(files: Files, chance: random.Random) -> str:
    """Change what the manifest says: another address, another person, another status."""
    name = f"data/{chance.choice(refs(files))}/{MANIFEST}"
    listed = _json(files, name)
    field = chance.choice(("address", "captured_by", "title", "note", "completeness", "kind", "derived_from"))
    listed["facts"][field] = f"{listed['facts'][field]}x"
    files[name] = canonical(listed)
    return f"{field} in {name}"


EDITS: tuple[Edit, ...] = (
    flip_a_bit,
    flip_a_bit,  # the most of them
    delete,
    truncate,
    append,
    swap,
    add,
    rename,
    cut_the_log,
    swap_in_the_log,
    back_date,
    say_otherwise,
)
