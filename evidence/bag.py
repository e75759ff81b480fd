"""The wrapping of a pack: a BagIt bag (RFC 8493), which libraries and archives everywhere know how to check.

The bag is how a pack travels; it proves nothing by itself: who changes a file can write the lists anew, and a bag without its tag
manifests is still a bag (evidence.md §2). The seals prove.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from evidence.seal import KEY
from evidence.shelf import Digest

BAGIT, INFO, PAYLOAD = "bagit.txt", "bag-info.txt", "data/"
ALGORITHMS = ("sha256", "sha512")
LISTS = tuple(f"manifest-{algorithm}.txt" for algorithm in ALGORITHMS)
TAG_LISTS = tuple(f"tag{name}" for name in LISTS)
FORMAT = "schoolwatch pack 2"
PACK_SEAL, PACK_SIGNATURE, HOW_TO_CHECK = "pack-seal.json", "pack-seal.sig", "HOW-TO-CHECK.txt"
FACTS, REGISTER = "data/pack.json", "data/register.jsonl"
SEALED_TAGS = (BAGIT, INFO, HOW_TO_CHECK, *LISTS)  # what the pack's own seal names; the tag lists follow from these
TAGS = (*SEALED_TAGS, PACK_SEAL, PACK_SIGNATURE, KEY, *TAG_LISTS)  # everything beside the payload
DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"


def lists(digests: Mapping[str, Digest]) -> dict[str, bytes]:
    """Return both lists of the payload: RFC 8493 §2.1.3, one line for each file, by name."""
    inside = {name: found for name, found in digests.items() if name.startswith(PAYLOAD)}
    return {f"manifest-{algorithm}.txt": _listing(inside, algorithm) for algorithm in ALGORITHMS}


def tag_lists(digests: Mapping[str, Digest]) -> dict[str, bytes]:
    """Return both lists of what lies beside the payload, but not of themselves (RFC 8493 §2.2.1)."""
    beside = {name: found for name, found in digests.items() if not name.startswith(PAYLOAD) and name not in TAG_LISTS}
    return {f"tagmanifest-{algorithm}.txt": _listing(beside, algorithm) for algorithm in ALGORITHMS}


def _listing(digests: Mapping[str, Digest], algorithm: str) -> bytes:
    return "".join(f"{getattr(digests[name], algorithm)}  {name}\n" for name in sorted(digests)).encode("ascii", "backslashreplace")


def info(facts: Sequence[tuple[str, str]], digests: Mapping[str, Digest]) -> bytes:
    """Return `bag-info.txt` (RFC 8493 §2.2.2): facts, and how much the payload is, so that a cut bag shows at once."""
    inside = [found.bytes for name, found in digests.items() if name.startswith(PAYLOAD)]
    lines = (*facts, ("Payload-Oxum", f"{sum(inside)}.{len(inside)}"))
    return "".join(f"{label}: {_one_line(value)}\n" for label, value in lines).encode("utf-8", "backslashreplace")


def _one_line(value: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in value).split())


def faults(digests: Mapping[str, Digest], texts: Mapping[str, bytes]) -> Iterator[str]:
    """Compare the four lists with what is really there; `texts` holds their contents. Each file that differs is named.

    Where one list of a pair is right, it is the other list that was changed; where neither is, the files were.
    """
    if texts.get(BAGIT, DECLARATION) != DECLARATION:
        yield f"{BAGIT} was changed"
    # A bag may hold further tag files, and bags with them are valid: that is how something is slipped in (evidence.md §6).
    yield from (f"{name} was added" for name in digests if not name.startswith(PAYLOAD) and name not in TAGS)
    for right in (lists(digests), tag_lists(digests)):
        wrong = [name for name in right if texts.get(name) != right[name]]
        yield from (f"{name} is missing" for name in right if name not in digests)
        if len(wrong) == 1:
            yield f"{wrong[0]} was changed"
            continue
        for name in wrong:
            found = tuple(_differences(texts.get(name, b""), right[name]))
            yield from found or (f"{name} was changed",)


def _differences(said: bytes, real: bytes) -> Iterator[str]:
    """Name the files of which two lists tell different things."""
    listed, there = _read(said), _read(real)
    for name in sorted(listed.keys() | there.keys()):
        if name not in there:
            yield f"{name} is missing"
        elif name not in listed:
            yield f"{name} was added"
        elif listed[name] != there[name]:
            yield f"{name} was changed"


def _read(listing: bytes) -> dict[str, str]:
    lines = listing.decode("utf-8", "replace").splitlines()
    return {name: found for found, gap, name in (line.partition("  ") for line in lines) if gap}
