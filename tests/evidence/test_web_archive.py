"""The web archive: judged by `wacz`, `cdxj-indexer`, `surt` and a full reading of our own, never by its writer (evidence.md §1)."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import subprocess
import sys
import warnings
import zipfile
from base64 import b32encode
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.archive_key import archive_key
from evidence.web_archive import DIGEST, INDEX, PACKAGE, PAGES, WARC, Exchange, ascii_address, write_wacz, write_wacz_to

AT = datetime(2026, 7, 1, 8, 30, 0, 123456, tzinfo=UTC)
HOST = "http://forum.example"
HTML = (("content-type", "text/html; charset=utf-8"),)
PAGE = Exchange(f"{HOST}/t/2", AT, 200, reason="OK", response_headers=HTML, body=b"<p>Invented words")


@dataclass(frozen=True)
class Record:
    """One WARC record as it stands in the file."""

    headers: dict[str, str]
    block: bytes
    offset: int
    length: int
    packed: bytes

    @property
    def kind(self) -> str:
        """What it is: warcinfo, request or response."""
        return self.headers["WARC-Type"]

    @property
    def payload(self) -> bytes:
        """The body behind the HTTP headers."""
        return self.block.partition(b"\r\n\r\n")[2]

    @property
    def http(self) -> list[str]:
        """The lines of the HTTP head."""
        return self.block.partition(b"\r\n\r\n")[0].decode("ascii").split("\r\n")


def _open(content: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(content))


def _records(warc: bytes) -> list[Record]:
    """Read a WARC by the standard alone (ISO 28500 §4): each record a gzip member, a length that fits, two line ends."""
    found, place = [], 0
    while place < len(warc):
        plain, size = _member(warc[place:])
        head, _, rest = plain.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        length = int(headers["Content-Length"])
        assert (first, rest[length:]) == ("WARC/1.1", b"\r\n\r\n")
        found.append(Record(headers, rest[:length], place, size, warc[place : place + size]))
        place += size
    return found


def _member(content: bytes) -> tuple[bytes, int]:
    reader = gzip.zlib.decompressobj(31)  # type: ignore[attr-defined]
    plain = reader.decompress(content)
    assert reader.eof
    return plain, len(content) - len(reader.unused_data)


def _digest(content: bytes) -> str:
    return "sha256:" + b32encode(hashlib.sha256(content).digest()).decode()


def _written(*exchanges: Exchange, page: str = f"{HOST}/t/2", title: str = "Forum", text: str = "Invented words") -> bytes:
    return write_wacz(exchanges, page, title, text, AT + timedelta(seconds=3))


def _odd_ones() -> list[Exchange]:
    """Everything odd that a browser brings home."""
    chance = Random(5)  # noqa: S311 - content, not a secret
    png = (("content-type", "image/png"),)
    return [
        Exchange(f"{HOST}/t/1?b=2&a=1#there", AT, 301, response_headers=(("Location", "/t/2"),)),
        replace(PAGE, request_headers=(("Referer", f"{HOST}/"), (":authority", "forum.example"), ("host", "forum.example"))),
        replace(PAGE, body=b"the second time", at=AT + timedelta(seconds=1)),
        Exchange(f"{HOST}/nobody", AT, 200, response_headers=HTML),
        Exchange(f"{HOST}/empty", AT, 200, body=b""),
        Exchange(f"{HOST}/204", AT, 204),
        Exchange(f"{HOST}/304", AT, 304, response_headers=(("etag", '"x"'),)),
        Exchange(f"{HOST}/404", AT, 404, reason="Not Found", body=b"gone"),
        Exchange(f"{HOST}/odd", AT, 299, reason="Ähm\r\nx: y", body=b"x", response_headers=(("x-odd", "é\x00\ud800\tß"), ("näme: ", "v"))),
        Exchange(f"{HOST}/cookies", AT, 200, response_headers=(("set-cookie", "a=1\nb=2"),), body=b"x"),
        Exchange(f"{HOST}/mime", AT, 200, response_headers=(("Content-Type", "tëxt/plain ; x"),), body=b"x"),
        Exchange(f"{HOST}/gz", AT, 200, response_headers=(("Content-Encoding", "gzip"), ("content-length", "9"), *HTML), body=b"plain"),
        Exchange(f"{HOST}/api", AT, 200, method="POST", request_body=b"a=1&b=%C3%A9", body=b"{}"),
        Exchange(f"{HOST}/api", AT, 200, method="PUT", request_body=bytes(range(256)), body=b"{}"),
        Exchange(f"{HOST}/head", AT, 200, method="HEAD"),
        Exchange("https://bücher.example:8443/straße/ü?q=ß 1&x=\n", AT, 200, body="ß".encode()),
        Exchange("http://www.forum.example/a%2fb/../c%20d/?sid=0123456789abcdef0123456789abcdef&b", AT, 200, body=b"x"),
        Exchange("https://[2001:db8::1]/x", AT, 200, body=b"x", server="2001:db8::1"),
        *[Exchange(f"{HOST}/i/{n}.png", AT, 200, response_headers=png, body=chance.randbytes(n * 900)) for n in range(12)],
        Exchange(f"{HOST}/{'a' * 4000}?{'q=1&' * 500}", AT, 200, body=b"long"),
        Exchange("data:image/png;base64,AAAA", AT, 200, body=b"x"),
        Exchange("blob:http://forum.example/1", AT, 200, body=b"x"),
    ]


@pytest.fixture(scope="module")
def odd() -> bytes:
    """A web archive of everything odd."""
    return _written(*_odd_ones())


def _run(*command: str) -> str:
    done = subprocess.run([sys.executable, "-W", "ignore", *command], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_wacz_itself_finds_the_archive_valid(odd: bytes, tmp_path: Path) -> None:
    """`wacz validate` passes, and it refuses the same archive with a changed index (so that its word counts)."""
    good, bad = tmp_path / "good.wacz", tmp_path / "bad.wacz"
    good.write_bytes(odd)
    with zipfile.ZipFile(bad, "w") as target, _open(odd) as source:
        for entry in source.infolist():
            target.writestr(entry, source.read(entry).replace(b'"status": "404"', b'"status": "200"'))

    assert "is valid" in _run("-m", "wacz", "validate", "-f", str(good))
    assert "is invalid" in _run("-m", "wacz", "validate", "-f", str(bad))


def test_the_index_is_what_another_program_makes_of_the_same_file(odd: bytes, tmp_path: Path) -> None:
    """Every line of the index (key, time, type, status, digest, place, referrer) equals that of `cdxj-indexer`."""
    packed = _open(odd)
    (tmp_path / "data.warc.gz").write_bytes(packed.read(WARC))
    words = "from cdxj_indexer.main import main; main()"
    theirs = _run("-c", words, "-s", "-d", "-f", "referrer", str(tmp_path / "data.warc.gz"))

    assert packed.read(INDEX).decode("ascii").splitlines() == theirs.splitlines()
    assert len(theirs.splitlines()) == len(_odd_ones()) - 2


def test_every_record_is_whole_and_every_digest_right(odd: bytes) -> None:
    """Read by the standard alone: one gzip member for each record, lengths fit, block and payload digests recomputed."""
    records = _records(_open(odd).read(WARC))
    kept = [one for one in _odd_ones() if one.address.startswith("http")]

    assert [one.kind for one in records] == ["warcinfo", *["response", "request"] * len(kept)]
    assert all(one.headers["WARC-Block-Digest"] == _digest(one.block) for one in records)
    assert all(one.headers["WARC-Payload-Digest"] == _digest(one.payload) for one in records[1:])
    assert [one.payload for one in records[1::2]] == [one.body or b"" for one in kept]
    assert [one.payload for one in records[2::2]] == [one.request_body for one in kept]
    assert len({one.headers["WARC-Record-ID"] for one in records}) == len(records)


def test_warcio_reads_the_same_records(odd: bytes) -> None:
    """A second reader agrees on addresses, order and bodies, and finds no digest wrong."""
    from warcio.archiveiterator import ArchiveIterator

    ours = _records(_open(odd).read(WARC))
    theirs = [
        (record.rec_type, record.rec_headers.get_header("WARC-Target-URI"), record.content_stream().read())
        for record in ArchiveIterator(io.BytesIO(_open(odd).read(WARC)), check_digests="raise")
    ]

    assert theirs[1:] == [(one.kind, one.headers["WARC-Target-URI"], one.payload) for one in ours[1:]]


def test_index_and_package_lead_to_the_right_bytes(odd: bytes) -> None:
    """Place, length and digest of every index line give exactly that record; the package's hashes are those of its files."""
    packed = _open(odd)
    warc = packed.read(WARC)
    by_place = {str(one.offset): one for one in _records(warc)}
    package, digest = json.loads(packed.read(PACKAGE)), json.loads(packed.read(DIGEST))

    for line in packed.read(INDEX).decode().splitlines():
        facts = json.loads(line.split(" ", 2)[2])
        record = by_place[facts["offset"]]
        assert (record.kind, record.headers["WARC-Target-URI"], record.length) == ("response", facts["url"], int(facts["length"]))
        assert facts["recordDigest"] == f"sha256:{hashlib.sha256(record.packed).hexdigest()}"
    assert {row["path"] for row in package["resources"]} == {WARC, INDEX, PAGES}
    for row in package["resources"]:
        body = packed.read(row["path"])
        assert (row["bytes"], row["hash"]) == (len(body), f"sha256:{hashlib.sha256(body).hexdigest()}")
    assert digest["hash"] == f"sha256:{hashlib.sha256(packed.read(PACKAGE)).hexdigest()}"
    assert all(entry.compress_type == zipfile.ZIP_STORED for entry in packed.infolist())


def test_the_same_exchanges_make_the_same_bytes() -> None:
    """Nothing but the input decides: no clock, no chance, no name of the machine."""
    assert _written(*_odd_ones()) == _written(*_odd_ones())
    assert _written(PAGE) != _written(replace(PAGE, body=b"Other words"))


def test_decoded_bodies_carry_no_headers_that_no_longer_fit() -> None:
    """Content-Encoding and the sent length are renamed, the true length is written, and the first record says so."""
    sent = (("Content-Encoding", "br"), ("Transfer-Encoding", "chunked"), ("Content-Length", "9"))
    info, answer, _ = _records(_open(_written(replace(PAGE, response_headers=sent))).read(WARC))

    assert answer.http == [
        "HTTP/1.1 200 OK",
        "x-orig-Content-Encoding: br",
        "x-orig-Transfer-Encoding: chunked",
        "x-orig-Content-Length: 9",
        f"content-length: {len(PAGE.body or b'')}",
    ]
    assert b"decoded" in info.block


def test_a_lost_body_is_marked_and_counted() -> None:
    """A body that the browser no longer had is said to be missing; none is expected of a redirect, a 204, a 304 or a HEAD."""
    none = [Exchange(f"{HOST}/{n}", AT, status) for n, status in enumerate((301, 308, 204, 304))]
    lost, head = Exchange(f"{HOST}/lost", AT, 200), Exchange(f"{HOST}/head", AT, 200, method="HEAD")
    target = io.BytesIO()
    counts = write_wacz_to(target, iter([PAGE, *none, head, lost]), HOST, "", "", AT)
    marked = [one for one in _records(_open(target.getvalue()).read(WARC)) if "WARC-Truncated" in one.headers]

    assert counts == (7, 1)
    assert [(one.kind, one.headers["WARC-Target-URI"]) for one in marked] == [("response", f"{HOST}/lost")]


def test_a_header_cannot_forge_another_record() -> None:
    """Line ends, NUL and wild names in headers become harmless; values that the browser joined stand on a line each."""
    wild = (("x\r\nEvil", "a\r\n\r\nWARC/1.1\r\nWARC-Type: response"), ("set-cookie", "a=1\nb=2"), (":status", "200"), ("", "x"))
    answer = _records(_open(_written(replace(PAGE, response_headers=wild, reason="OK\r\nX: y"))).read(WARC))[1]

    assert answer.http[0] == "HTTP/1.1 200 OK  X: y"
    assert [line.partition(":")[0] for line in answer.http[1:]] == ["x__Evil"] * 4 + ["set-cookie"] * 2 + ["content-length"]
    assert answer.payload == PAGE.body


def test_the_request_is_kept_with_its_body() -> None:
    """Method, path, query, host, headers and body of what was asked stand in the request record, tied to the answer."""
    asked = replace(PAGE, method="POST", address=f"{HOST}/t/2?x=1#y", request_headers=(("accept", "*/*"),), request_body=b"a=1")
    _, answer, request = _records(_open(_written(asked)).read(WARC))

    assert request.http == ["POST /t/2?x=1 HTTP/1.1", "host: forum.example", "accept: */*", "content-length: 3"]
    assert request.payload == b"a=1"
    assert request.headers["WARC-Concurrent-To"] == answer.headers["WARC-Record-ID"]
    assert request.headers["WARC-Target-URI"] == answer.headers["WARC-Target-URI"] == f"{HOST}/t/2?x=1"


def test_the_page_is_listed_with_its_own_time_and_text() -> None:
    """pages.jsonl names the page, the time of its own answer, title and text exactly (any script, any code point that JSON holds)."""
    text = "قالت المعلمة 校长 👩🏽‍🏫 \u202e </script> " + "x" * 100_000
    head, page = _open(_written(PAGE, title="Über\n", text=text)).read(PAGES).decode("ascii").splitlines()

    assert json.loads(head)["format"] == "json-pages-1.0"
    assert {name: json.loads(page)[name] for name in ("url", "ts", "title", "text")} == {
        "url": f"{HOST}/t/2",
        "ts": "2026-07-01T08:30:00.123456Z",
        "title": "Über\n",
        "text": text,
    }


def test_an_archive_of_nothing_is_still_an_archive(tmp_path: Path) -> None:
    """No exchange at all, no title, no text: a valid package with an empty index."""
    path = tmp_path / "empty.wacz"
    path.write_bytes(write_wacz([], f"{HOST}/", "", "", AT))

    assert "is valid" in _run("-m", "wacz", "validate", "-f", str(path))
    assert _open(path.read_bytes()).read(INDEX) == b""


def test_much_goes_through_a_file_and_one_body_at_a_time(tmp_path: Path) -> None:
    """60 MB of bodies from a generator: each exchange is taken only when the one before is written, and everything comes back."""
    chance, taken = Random(6), []  # noqa: S311 - content, not a secret
    png = (("content-type", "image/png"),)
    sizes = [4_000_000] * 15
    with (tmp_path / "big.wacz").open("w+b") as target:

        def bring() -> object:
            for n, size in enumerate(sizes):
                taken.append(n)
                yield Exchange(f"{HOST}/{n}.png", AT, 200, response_headers=png, body=chance.randbytes(size))

        assert write_wacz_to(target, bring(), HOST, "", "", AT) == (15, 0)  # type: ignore[arg-type]
        with zipfile.ZipFile(target) as packed:
            payloads = [len(one.payload) for one in _records(packed.read(WARC)) if one.kind == "response"]

    assert (taken, payloads) == (list(range(15)), sizes)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://forum.example", "http://forum.example/"),
        ("http://forum.example/a b?c d#e", "http://forum.example/a%20b?c%20d"),
        ("http://forum.example/%C3%A9%20", "http://forum.example/%C3%A9%20"),
        ("http://bücher.example/ß", "http://xn--bcher-kva.example/%C3%9F"),
        ("http://forum.example/\ud800", "http://forum.example/%EF%BF%BD"),
        ("http://forum.example/\x00\r\n", "http://forum.example/%00"),
    ],
)
def test_addresses_are_written_as_servers_are_asked(address: str, expected: str) -> None:
    """Fragments go, everything outside ASCII is escaped, nothing that is escaped already is escaped again."""
    assert ascii_address(address) == expected


def _reference(address: str) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is old, and its own source warns
        import surt

        return str(surt.surt(address))


_WORD = st.text("aAbZ09-_.~%é2校F ;='()[]+,/\\|^:@", max_size=8)
_HOSTS = st.sampled_from(["forum.example", "WWW.forum.example", "www3.a.b.example", "10.0.0.1", "xn--bcher-kva.example", "www.example"])
_PORTS = st.sampled_from(["", ":80", ":443", ":8443"])
_ADDRESSES = st.builds(
    lambda scheme, host, port, steps, query: f"{scheme}://{host}{port}/{'/'.join(steps)}{'?' if query else ''}{'&'.join(query)}",
    st.sampled_from(["http", "https"]),
    _HOSTS,
    _PORTS,
    st.lists(_WORD.filter(lambda step: not {".", ".."} & set(step.split("/"))), max_size=4),  # browsers resolve these before they ask
    st.lists(_WORD, max_size=4),
)


@settings(max_examples=400, deadline=None)
@given(_ADDRESSES)
def test_sort_keys_are_those_of_the_reference(address: str) -> None:
    """Over random addresses (ports, escapes, dots, other scripts), as servers are asked for them, the key is that of `surt`."""
    asked = ascii_address(address)
    assert archive_key(asked) == _reference(asked)


@pytest.mark.parametrize(
    "address",
    [
        f"{HOST}/p?PHPSESSID=0123456789abcdef0123456789abcdef&x=1",
        f"{HOST}/p?a=1&sid=0123456789ABCDEF0123456789abcdef&b=1",
        f"{HOST}/p?jsessionid=0123456789abcdef0123456789abcdef",
        f"{HOST}/p?ASPSESSIONIDABCDEFGH=abcdefghijklmnopqrstuvwx&x",
        f"{HOST}/p?x=1&cfid=1&cftoken=2&y=3",
        f"{HOST}/(4hqa0555fwsecu455xqckv45)/mileg.aspx",
        f"{HOST}/x/(a(4hqa0555fwsecu455xqckv45)f(4hqa0555fwsecu455xqckv45))/mileg.aspx?page=1",
        f"{HOST}/a/b/%2E%2E/c/.",
        f"{HOST}/%2525252f",
        "https://[2001:db8::1]:444/x",
    ],
)
def test_session_ids_do_not_part_what_belongs_together(address: str) -> None:
    """A forum's session id in the address is tidied away as the reference does it."""
    assert archive_key(address) == _reference(address)
