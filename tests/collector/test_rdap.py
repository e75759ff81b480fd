"""Who stands behind a site: RDAP's answers, right and nonsensical, over a real server on loopback (A21)."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any, Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.bootstrap import Bootstrap, Kind, install, load
from collector.client import Client
from collector.jcard import mail, read_card, telephone, web
from collector.networks import belongs, shipped
from collector.public_address import Gate
from collector.rdap import MAX_ANSWER, Registries, candidates, look_up
from collector.testing import PUBLIC_ADDRESS, START, Reply, ScriptedTransport, public_resolver, scripted_client
from data.clock import FixedClock
from data.errors import SettingsError
from data.model.network import ContactScope, NetworkContact, NetworkLookup

HOST = "forum.fernley.example"
RDAP = "https://rdap.example.org/"
LISTS = Bootstrap(
    dns={"example": RDAP},
    networks=tuple((network, RDAP) for network, _ in load().networks),
    numbers=((1, 4_000_000_000, RDAP),),
)


class Site(Protocol):
    """A small real web server (tests/collector/conftest.py)."""

    pages: dict[str, Callable[[BaseHTTPRequestHandler], None]]
    seen: list[tuple[str, dict[str, str]]]
    port: int
    address: str


def card(name: str, email: str | None = None, telephone: str | None = None) -> list[Any]:
    """Return a jCard."""
    said: list[Any] = [["version", {}, "text", "4.0"], ["fn", {}, "text", name]]
    said += [["email", {}, "text", email]] if email else []
    said += [["tel", {"type": "voice"}, "uri", telephone]] if telephone else []
    return ["vcard", said]


DOMAIN = {
    "objectClassName": "domain",
    "ldhName": "FERNLEY.EXAMPLE",
    "entities": [
        {
            "roles": ["registrar"],
            "handle": "77",
            "vcardArray": card("Invented Names Ltd"),
            "entities": [{"roles": ["abuse"], "vcardArray": card("Abuse desk", "abuse@names.example", "tel:+44.1632960001")}],
        },
        {"roles": ["registrant"], "vcardArray": card("REDACTED FOR PRIVACY")},
    ],
}
NETWORK = {
    "objectClassName": "ip network",
    "handle": "NET-93",
    "name": "INVENTED-HOSTING",
    "startAddress": "93.184.0.0",
    "endAddress": "93.184.255.255",
    "entities": [
        {
            "roles": ["registrant"],
            "vcardArray": card("Invented Hosting"),
            "entities": [
                {"roles": ["abuse"], "vcardArray": card("Hosting abuse", "abuse@hosting.example")},
                {"roles": ["technical"], "vcardArray": card("Hosting network desk", "noc@hosting.example")},
            ],
        }
    ],
}


def answers(domain: object = DOMAIN, network: object = NETWORK) -> dict[str, Reply]:
    """Return what the registry says to the questions about HOST; text and bytes go out as they are."""
    return {
        f"{RDAP}domain/fernley.example": said(domain),
        f"{RDAP}ip/{PUBLIC_ADDRESS}": said(network),
    }


def said(found: object) -> Reply:
    """Return an answer of 200 with this record, or with this text as it is."""
    return Reply(found if isinstance(found, (str, bytes)) else json.dumps(found))


def ask(script: dict[str, Any], host: str = HOST, lists: Bootstrap = LISTS) -> NetworkLookup:
    """Look a host up where the registries answer from a script."""
    return look_up(host, Registries(scripted_client(script), Gate(resolve=public_resolver), lists), START)


def of(found: NetworkLookup, scope: ContactScope) -> list[str | None]:
    """Return the mail addresses of one scope."""
    return [one.email for one in found.contacts if one.scope is scope]


def test_host_network_and_registrar_are_told_apart() -> None:
    """The abuse desk of the network is the host's, its other desks the network's, the one inside the registrar the registrar's."""
    found = ask(answers())

    assert found.domain == "fernley.example"
    assert found.addresses == (PUBLIC_ADDRESS,)
    assert found.network == "INVENTED-HOSTING"
    assert of(found, ContactScope.HOST) == ["abuse@hosting.example"]
    assert of(found, ContactScope.NETWORK) == ["noc@hosting.example"]
    assert of(found, ContactScope.REGISTRAR) == ["abuse@names.example"]
    assert [one.telephone for one in found.contacts if one.scope is ContactScope.REGISTRAR] == ["+44.1632960001"]
    assert found.problems == ()
    assert {one.source for one in found.contacts} == {f"{RDAP}ip/{PUBLIC_ADDRESS}", f"{RDAP}domain/fernley.example"}


def test_only_names_and_addresses_are_asked_for() -> None:
    """The registry sees the host's name and its address, in the manner of RDAP, and nothing of any case."""
    transport = ScriptedTransport(answers())
    look_up(HOST, Registries(scripted_client(transport), Gate(resolve=public_resolver), LISTS), START, by="u-dsl")

    assert transport.asked == [f"{RDAP}ip/{PUBLIC_ADDRESS}", f"{RDAP}domain/{HOST}", f"{RDAP}domain/fernley.example"]
    assert all("rdap+json" in request.headers["accept"] for request in transport.requests)
    assert not any("u-dsl" in str(request.headers) for request in transport.requests)


def test_a_shield_is_known_by_its_networks_name() -> None:
    """Behind a CDN's address the host is hidden: every contact of that network is the CDN's, and its form is offered."""
    found = ask(answers(network=NETWORK | {"name": "CLOUDFLARENET"}))

    assert of(found, ContactScope.HOST) == []
    assert set(of(found, ContactScope.CDN)) == {"abuse@hosting.example", "noc@hosting.example", None}
    assert any(one.link == "https://www.cloudflare.com/abuse/" for one in found.contacts)


@pytest.mark.parametrize("host", ["www.facebook.com", "old.reddit.com", "fernley.wordpress.com", "X.com", "youtu.be"])
def test_nobody_behind_a_big_platform_is_asked(host: str) -> None:
    """A big platform is its own host: the look-up says why and sends nothing."""
    transport = ScriptedTransport({})
    found = look_up(host, Registries(scripted_client(transport), Gate(resolve=public_resolver), LISTS), START)

    assert found.not_applicable is not None
    assert "its own host" in found.not_applicable
    assert transport.requests == []
    assert found.contacts == ()


def test_a_name_that_only_ends_like_a_platforms_is_asked() -> None:
    """`notfacebook.com` is nobody's big platform."""
    assert shipped().platform_of("notfacebook.com") is None
    assert belongs("m.facebook.com", "facebook.com")


def test_the_domain_is_sought_upwards_but_never_a_shared_suffix() -> None:
    """From the host to what can be registered; `co.uk` and `uk` belong to nobody."""
    shared = shipped().shared

    assert candidates("www.fernley.co.uk", shared) == ("fernley.co.uk",)
    assert candidates("a.b.fernley.org.uk", shared) == ("a.b.fernley.org.uk", "b.fernley.org.uk", "fernley.org.uk")
    assert candidates("fernley.sch.uk", shared) == ("fernley.sch.uk",)
    assert candidates("localhost", shared) == ()
    assert len(candidates(".".join("abcdefghij") + ".example", shared)) <= 4


def test_a_guess_is_made_only_where_nothing_else_is_known() -> None:
    """abuse@domain (RFC 2142) is the last resort, and says that it is a guess."""
    found = ask({})

    assert [(one.scope, one.email, one.source) for one in found.contacts] == [
        (ContactScope.GUESS, "abuse@fernley.example", "RFC 2142"),
    ]
    assert "guess" in found.contacts[0].name
    assert not any(one.scope is ContactScope.GUESS for one in ask(answers(network={})).contacts)


def test_a_suffix_without_rdap_is_said() -> None:
    """Registries of some countries answer no RDAP: the line names the suffix and the mend."""
    found = ask(answers(), host="fernley.nowhere")

    assert any("no registry that answers RDAP is listed for .nowhere" in line for line in found.problems)
    assert of(found, ContactScope.HOST) == ["abuse@hosting.example"]


@pytest.mark.parametrize(
    "host", ["fern ley.example", "a/../b.example", "fernley.example?x=1", "-", "", "x" * 300, "\u202efernley.example", "%2e%2e"]
)
def test_what_is_no_name_is_asked_of_nobody(host: str) -> None:
    """A reported address may hold anything: nothing is sent, and the line says so."""
    transport = ScriptedTransport({})
    found = look_up(host, Registries(scripted_client(transport), Gate(resolve=public_resolver), LISTS), START)

    assert transport.requests == []
    assert found.problems


def test_names_in_other_scripts_are_asked_for_as_registries_write_them() -> None:
    """The registry sees the ASCII form (IDNA), the page keeps the host as it was."""
    transport = ScriptedTransport({f"{RDAP}domain/xn--frnley-bva.example": said(DOMAIN | {"ldhName": "xn--frnley-bva.example"})})
    found = look_up("forum.f\u00e9rnley.example", Registries(scripted_client(transport), Gate(resolve=public_resolver), LISTS), START)

    assert found.host == "forum.f\u00e9rnley.example"
    assert found.domain == "xn--frnley-bva.example"
    assert of(found, ContactScope.REGISTRAR) == ["abuse@names.example"]


def test_an_old_list_is_said_where_something_was_not_found() -> None:
    """Half a year after its publication, and only then."""
    lists = Bootstrap(dns=LISTS.dns, networks=LISTS.networks, published={Kind.DNS: "2026-01-01"})
    undated = Bootstrap(dns=LISTS.dns, networks=LISTS.networks, published={Kind.DNS: "unknown"})

    assert any("list of registries is of 2026-01-01" in line for line in ask({}, lists=lists).problems)
    assert ask(answers(), lists=lists).problems == ()
    assert not any("list of registries" in line for line in ask({}, lists=undated).problems)


def test_a_plain_address_has_no_registrar() -> None:
    """A site without a name is hosted, not registered."""
    found = ask(answers(), host=PUBLIC_ADDRESS)

    assert of(found, ContactScope.HOST) == ["abuse@hosting.example"]
    assert of(found, ContactScope.REGISTRAR) == []
    assert found.problems == ()


def test_who_announces_the_network_is_asked_where_the_registry_says_so() -> None:
    """ARIN names the system that announces a network; its desk is the network's."""
    system = {"objectClassName": "autnum", "entities": [{"roles": ["abuse"], "vcardArray": card("Carrier", "abuse@carrier.example")}]}
    found = ask(answers(network=NETWORK | {"arin_originas0_originautnums": [64500]}) | {f"{RDAP}autnum/64500": said(system)})

    assert of(found, ContactScope.NETWORK) == ["abuse@carrier.example", "noc@hosting.example"]


def deep(levels: int) -> dict[str, Any]:
    """Return entities within entities, each with a card."""
    found: dict[str, Any] = {"roles": ["abuse"], "vcardArray": card("Deepest", "deep@names.example")}
    for level in range(levels):
        found = {"roles": ["registrar"], "vcardArray": card(f"Level {level}", f"level{level}@names.example"), "entities": [found]}
    return {"objectClassName": "domain", "ldhName": "fernley.example", "entities": [found]}


NONSENSE: dict[str, object] = {
    "a web page": "<!doctype html><title>Sign in</title>",
    "cut off": json.dumps(DOMAIN)[:200],
    "an array": [DOMAIN],
    "a number": "7",
    "nothing": "",
    "null": "null",
    "another kind": DOMAIN | {"objectClassName": "nameserver"},
    "another name": DOMAIN | {"ldhName": "other.example"},
    "an error in a 200": {"errorCode": 404, "title": "not found"},
    "wrong types": {"objectClassName": "domain", "entities": {"roles": 7}, "handle": ["x"]},
    "wrong types inside": {"objectClassName": "domain", "entities": [None, 3, "x", {"roles": "abuse", "vcardArray": 5, "entities": "y"}]},
    "odd cards": {
        "objectClassName": "domain",
        "entities": [{"roles": [1, None], "vcardArray": ["vcard", [[], ["fn"], ["email", {}, "text", {"a": 1}]]]}],
    },
    "far too deep": "[" * 200_000,
    "ten megabytes": b'{"objectClassName":"domain","entities":[],"x":"' + b"a" * 10_000_000 + b'"}',
    "broken characters": b'{"objectClassName":"domain","handle":"\xff\xfe"}',
}


@pytest.mark.parametrize("what", NONSENSE)
def test_nonsense_about_the_domain_is_a_line_not_an_error(what: str) -> None:
    """Whatever the registry sends, the host's contact stays and no made-up registrar appears."""
    found = ask(answers(domain=NONSENSE[what]))

    assert of(found, ContactScope.HOST) == ["abuse@hosting.example"]
    assert of(found, ContactScope.REGISTRAR) == []
    assert all(len(line) < 400 for line in found.problems)


@pytest.mark.parametrize(
    "what", ["a web page", "cut off", "an array", "nothing", "another kind", "an error in a 200", "far too deep", "ten megabytes"]
)
def test_nonsense_is_said_in_plain_words(what: str) -> None:
    """The line names the domain and what was wrong."""
    lines = ask(answers(domain=NONSENSE[what])).problems

    assert any("the registry of fernley.example could not be asked" in line for line in lines)


def test_an_answer_about_another_network_is_left_out() -> None:
    """A record whose range does not hold the address, or gives no range that can be read, is not believed."""
    for start, end in (("10.0.0.0", "10.0.0.255"), ("2a00::", "2a00::ff"), ("x", "y")):
        found = ask(answers(network=NETWORK | {"startAddress": start, "endAddress": end}))
        assert of(found, ContactScope.HOST) == []
        assert any("another network" in line for line in found.problems)


def test_entities_within_entities_end_somewhere() -> None:
    """Nesting is followed for a few levels, two hundred are not."""
    found = ask(answers(domain=deep(200)))

    assert len(of(found, ContactScope.REGISTRAR)) == 4


def test_a_crowd_of_contacts_is_cut() -> None:
    """Ten thousand entities give a list that a person can read."""
    crowd = [{"roles": ["abuse"], "vcardArray": card("x", f"a{number}@names.example")} for number in range(10_000)]

    assert len(ask(answers(domain=DOMAIN | {"entities": crowd})).contacts) <= 40


def test_a_registrar_that_cannot_be_reached_is_named() -> None:
    """A record with a name and no way to reach it says who the registrar is."""
    silent = {"objectClassName": "domain", "entities": [{"roles": ["registrar"], "vcardArray": card("Silent Names")}]}

    assert any("the registrar is Silent Names" in line for line in ask(answers(domain=silent)).problems)


def test_a_name_without_an_address_is_said() -> None:
    """A dead name, and a name that points into a private network, leave the registrar's contact."""

    def dead(host: str, port: int) -> tuple[str, ...]:  # noqa: ARG001 - a resolver's arguments
        raise OSError

    def private(host: str, port: int) -> tuple[str, ...]:  # noqa: ARG001 - the same
        return ("10.0.0.7",)

    for resolve, words in ((dead, "has no address"), (private, "is a private address")):
        found = look_up(HOST, Registries(scripted_client(answers()), Gate(resolve=resolve), LISTS), START)
        assert any(words in line for line in found.problems)
        assert of(found, ContactScope.REGISTRAR) == ["abuse@names.example"]
        assert "10.0.0.7" not in found.addresses


def test_over_real_sockets(site: Site, answer_with: Callable[..., Any], clock: FixedClock) -> None:
    """Two registries on loopback, one that moves and one that fails, through the guarded client."""
    site.pages["/v2/domain/fernley.example"] = answer_with(200, json.dumps(DOMAIN).encode(), content_type="application/rdap+json")
    site.pages["/domain/fernley.example"] = answer_with(301, b"", location=f"{site.address}/v2/domain/fernley.example")
    site.pages[f"/ip/{PUBLIC_ADDRESS}"] = answer_with(500)
    gate = Gate(frozenset({site.port}), resolve=public_resolver)
    lists = Bootstrap(dns={"example": f"{site.address}/"}, networks=tuple((net, f"{site.address}/") for net, _ in load().networks))
    door = Client("office@fernleygreen.example", clock, gate, pace_seconds=0.0)
    found = look_up(HOST, Registries(door, gate, lists), START)
    door.close()

    assert of(found, ContactScope.REGISTRAR) == ["abuse@names.example"]
    assert any("a fault of its own" in line for line in found.problems)
    assert "/robots.txt" not in [path for path, _ in site.seen]


def test_too_much_is_not_read(site: Site, answer_with: Callable[..., Any], clock: FixedClock) -> None:
    """An answer of more than a megabyte is refused as it comes in."""
    site.pages["/domain/fernley.example"] = answer_with(200, b"[" + b" " * (MAX_ANSWER + 1) + b"]")
    gate = Gate(frozenset({site.port}), resolve=public_resolver)
    door = Client("office@fernleygreen.example", clock, gate, pace_seconds=0.0)
    found = look_up(HOST, Registries(door, gate, Bootstrap(dns={"example": f"{site.address}/"})), START)
    door.close()

    assert any("could not be asked" in line for line in found.problems)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["objectClassName", "entities", "roles", "vcardArray", "handle", "ldhName", "name", "startAddress", "endAddress", "x"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)
RECORDS = st.fixed_dictionaries(
    {"objectClassName": st.sampled_from(["domain", "ip network"])},
    optional={
        "entities": st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "roles": ANYTHING | st.just(["abuse"]),
                    "vcardArray": ANYTHING | st.tuples(st.just("vcard"), ANYTHING),
                    "entities": ANYTHING,
                },
            )
            | ANYTHING,
            max_size=4,
        )
        | ANYTHING,
        "ldhName": ANYTHING,
        "name": ANYTHING,
        "handle": ANYTHING,
        "startAddress": ANYTHING,
        "endAddress": ANYTHING,
        "arin_originas0_originautnums": ANYTHING,
    },
)


@settings(max_examples=250, deadline=None)
@given(domain=RECORDS | ANYTHING, network=RECORDS | ANYTHING)
def test_no_answer_is_ever_an_error(domain: object, network: object) -> None:
    """Any JSON at all gives a look-up that can be stored: mail addresses that are ones, no hidden signs, few lines."""
    found = ask(answers(domain=json.dumps(domain), network=json.dumps(network)))

    again = NetworkLookup.model_validate_json(found.model_dump_json())
    assert again == found
    for one in found.contacts:
        assert one.email is None or mail(one.email) == one.email
        assert one.name.isprintable()
    assert len(found.problems) <= 5


@settings(max_examples=200, deadline=None)
@given(found=ANYTHING)
def test_no_card_is_ever_an_error(found: object) -> None:
    """Any JSON may stand where a jCard should."""
    made = read_card(found)

    assert made.email is None or "@" in made.email


@pytest.mark.parametrize(
    ("said_as", "read"),
    [
        ("abuse@names.example", "abuse@names.example"),
        ("mailto:abuse@names.example", "abuse@names.example"),
        ("abuse at names", None),
        ("a@b.example\nBcc: x@y.example", None),
        (["abuse@names.example"], None),
        ("<script>@names.example", None),
    ],
)
def test_mail_addresses_are_read_strictly(said_as: object, read: str | None) -> None:
    """What is not plainly one mail address is not offered as one."""
    assert mail(said_as) == read


def test_telephones_and_links_are_read_strictly() -> None:
    """`tel:` in its URI form (RFC 3966) and in words; only http and https are links."""
    assert telephone("tel:+44.1632960001;ext=3") == "+44.1632960001"
    assert telephone("01632 960001") == "01632 960001"
    assert telephone("call us") is None
    assert web("https://names.example/abuse") == "https://names.example/abuse"
    assert web("javascript:alert(1)") is None
    assert web("https://names.example/\u202eabuse") is None


def test_a_card_in_several_spellings() -> None:
    """Property names in capitals, an organisation for want of a name, a form instead of a mailbox (RFC 8605)."""
    made = read_card(["vcard", [["ORG", {}, "text", "Invented Names"], ["contact-uri", {}, "uri", "https://names.example/form"]]])

    assert (made.name, made.email, made.link) == ("Invented Names", None, "https://names.example/form")


def test_shipped_lists_know_what_schools_meet() -> None:
    """The suffixes that British sites use, each by https; every address that a registry hands out has its registry."""
    lists = load()

    assert lists.for_domain("fernley.co.uk") == "https://rdap.nominet.uk/uk/"
    assert lists.for_domain("fernley.sch.uk") == "https://rdap.nominet.uk/uk/"
    missing = [
        one
        for one in ("com", "net", "org", "info", "school", "london", "wales", "scot", "blog", "app", "dev")
        if lists.for_domain(f"x.{one}") is None
    ]
    assert missing == []
    assert lists.for_address("93.184.216.34") == "https://rdap.db.ripe.net/"
    assert lists.for_address("2a00:1450::1") == "https://rdap.db.ripe.net/"
    assert lists.for_address("nowhere") is None
    assert lists.for_number(1) == "https://rdap.arin.net/registry/"
    assert all(base.startswith("https://") for base in (*lists.dns.values(), *(base for _, base in lists.networks)))
    assert lists.published[Kind.DNS] == "2026-07-27"


def test_a_suffix_that_no_registry_serves_is_unknown() -> None:
    """Not every registry answers RDAP; the list does not pretend."""
    assert load().for_domain("fernley.io") is None


A_LIST = {
    "version": "1.0",
    "publication": "2026-11-01T00:00:00Z",
    "services": [[["example", "uk"], ["http://old.example/", "https://new.example/rdap"]]],
}


def test_a_fresh_list_takes_the_place_of_the_shipped_one(tmp_path: Any) -> None:
    """Loaded whole, under the name of its kind; https is preferred and the slash is mended; the other three stay."""
    given_file = tmp_path / "downloaded.json"
    given_file.write_text(json.dumps(A_LIST))

    assert install(given_file, tmp_path / "rdap") is Kind.DNS
    lists = load(tmp_path / "rdap")
    assert lists.for_domain("a.example") == "https://new.example/rdap/"
    assert lists.for_domain("a.com") is None
    assert lists.for_address("93.184.216.34") == "https://rdap.db.ripe.net/"
    assert lists.published[Kind.DNS] == "2026-11-01"


@pytest.mark.parametrize(
    ("entries", "kind"),
    [(["93.0.0.0/8"], Kind.IPV4), (["2a00::/12"], Kind.IPV6), (["1-100", "77"], Kind.ASN), (["com", "xn--p1ai"], Kind.DNS)],
)
def test_the_kind_of_a_list_is_told_by_what_it_holds(tmp_path: Any, entries: list[str], kind: Kind) -> None:
    """Whatever the file is called."""
    path = tmp_path / "file"
    path.write_text(json.dumps({"services": [[entries, ["https://rdap.example/"]]]}))

    assert install(path, tmp_path / "rdap") is kind


@pytest.mark.parametrize(
    "text",
    [
        "<html>",
        "[]",
        '{"services": []}',
        '{"services": [[["uk"], []]]}',
        '{"services": [[["uk"], ["ftp://x.example/"]]]}',
        '{"services": [[["uk", "1.0.0.0/8"], ["https://x.example/"]]]}',
        '{"services": [[[7], ["https://x.example/"]]]}',
        '{"services": 3}',
        "[" * 100_000,
    ],
)
def test_a_wrong_list_changes_nothing(tmp_path: Any, text: str) -> None:
    """Refused with the file's name; what was there stays."""
    path = tmp_path / "wrong.json"
    path.write_text(text)

    with pytest.raises(SettingsError, match=r"wrong\.json"):
        install(path, tmp_path / "rdap")
    assert not (tmp_path / "rdap").exists()


def test_files_that_are_no_text_are_named(tmp_path: Any) -> None:
    """Missing, of bytes, or far too large."""
    heavy, bytes_only = tmp_path / "heavy.json", tmp_path / "bytes.json"
    heavy.write_bytes(b" " * 5_000_001)
    bytes_only.write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "none.json", heavy, bytes_only):
        with pytest.raises(SettingsError, match=path.stem):
            install(path, tmp_path / "rdap")


def test_contacts_are_named_with_their_source() -> None:
    """A contact says which registry named it, so that a person can check."""
    contact = ask(answers()).contacts[0]

    assert isinstance(contact, NetworkContact)
    assert contact.source.startswith(RDAP)
