"""To the parties behind a site: host, content delivery network, registrar (policy A21, "Host / ISP"; domain.md §3.4).

One incident for each message, plain text, no attachments with children. Sender, location and nature of the concern are required, as
reg. 22 of the E-Commerce Regulations 2002 names them.
"""

from __future__ import annotations

from casework.notice import BASE, Ask, NoticeFacts, Template, choice, details_of, nature, text, tick
from data.model.cases import Route

ANSWERS = ("no answer", "they refused", "they answered, and it is still there", "no way to reach them was found")


def _asks(ip_needed: bool) -> tuple[Ask, ...]:  # a registrar knows the domain only
    return (
        Ask("domain", "the domain", "forum.example.org"),
        Ask("ip", "the IP address", "192.0.2.17", needed=ip_needed),
        Ask("looked_up", "when it was looked up, and where (RDAP)", "3 July 2026, 12:40, RDAP of the regional registry"),
        Ask("operator_contacted", "when the site's operator was asked", "2 July 2026, 09:10"),
        choice("operator_answer", "what the operator answered", ANSWERS),
        text("operator_words", "the operator's answer in short", "No reply within 24 hours.", needed=False),
        tick(
            "do_not_forward",
            "ask them not to pass this on to the site or to the poster",
            needed=False,
            hint="Tick it where somebody could be at risk if the poster learned of it.",
        ),
    )


def _forwarding(facts: NoticeFacts) -> str:
    if facts.ticked("do_not_forward"):
        return (
            "Please do not forward this message to the operator of the site or to the person who posted it: somebody could be put at risk."
        )
    return "You may pass the facts on to the operator of the site; please leave our contact details out where you can."


_LOOKED = details_of("How we found you", ("Domain", "domain"), ("IP address", "ip"), ("Looked up", "looked_up"))
_OPERATOR = details_of(
    "The site's operator was asked first", ("When", "operator_contacted"), ("Answer", "operator_answer"), ("Details", "operator_words")
)
_WARNING = "A host often will not judge whether something is true; say plainly what the concern is. One incident for each message."

HOST = Template(
    key="host",
    label="Host / ISP: letter to the hosting provider",
    route=Route.HOST,
    subject="Report about material hosted on your network",
    opening="{school} writes to you as the hosting provider of the site (contact scope: host). Its operator has not resolved the matter.",
    says=(nature, _LOOKED, _OPERATOR, _forwarding),
    removal="have your customer remove it, or disable access to it",
    required=(*BASE, "unlawful_nature"),
    asks=_asks(ip_needed=True),
    warnings=(_WARNING,),
    may_be_forwarded=True,
)
CDN = Template(
    key="cdn",
    label="Host / ISP: report to the delivery network (CDN)",
    route=Route.CDN,
    subject="Report about a site behind your network",
    opening="{school} writes to you as the network that stands in front of the site (contact scope: CDN). You may not host it.",
    says=(nature, _LOOKED, _OPERATOR, _forwarding),
    removal="pass this to the hosting provider, tell us who that is, and act yourself where you can",
    required=(*BASE, "unlawful_nature"),
    asks=_asks(ip_needed=True),
    warnings=(_WARNING, "Most delivery networks take reports by their own form, and show them to site and host unless asked not to."),
    may_be_forwarded=True,
)
REGISTRAR = Template(
    key="registrar",
    label="Host / ISP: letter to the registrar of the domain",
    route=Route.REGISTRAR,
    subject="Report about a domain registered through you",
    opening="{school} writes to you as the registrar of the domain (contact scope: registrar). Operator and host have not resolved it.",
    says=(nature, _LOOKED, _OPERATOR, _forwarding),
    removal="look at the domain under your own terms, or pass this to the holder of the domain so that it is removed",
    required=(*BASE, "unlawful_nature"),
    asks=_asks(ip_needed=False),
    warnings=(_WARNING, "A registrar acts on abuse of its terms; it does not settle disputes about content."),
    may_be_forwarded=True,
)
