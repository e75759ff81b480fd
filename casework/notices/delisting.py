"""For what stays in search results and archives after, or although, the page itself is dealt with (domain.md §3.1 step 7, §3.2)."""

from __future__ import annotations

from casework.notice import BASE, Ask, AskKind, Template, choice, detail, details_of, nature, text
from data.model.cases import Route

ASKERS = ("the person concerned", "a parent, for a child", "somebody the person has authorised in writing")
LIVE = ("it is gone there", "it is still there")

SEARCH = Template(
    key="search_engine",
    label="Request to a search engine: take it out of the results",
    route=Route.SEARCH_ENGINE,
    subject="Request to delist an address",
    opening="{school} helps with a request to a search engine. It is about the results; the page itself is dealt with elsewhere.",
    says=(
        details_of("The request", ("Who asks", "asker"), ("Product", "product"), ("Legal basis", "basis"), ("Searched for", "query")),
        detail("Why these results harm the person, and why the public does not need them", "why"),
        nature,
    ),
    removal="leave this address out of the results for the search named here",
    required=(*BASE, "platform"),
    asks=(
        choice("asker", "who asks", ASKERS),
        Ask("product", "which product: web search, pictures, maps, reviews", "web search and pictures"),
        Ask("basis", "the legal basis", "UK GDPR, Article 17 and Article 21"),
        Ask("query", "the search that shows it (a child by initials only)", "the teacher's name with the name of the school"),
        text("why", "why the results do harm", "It is the first result for the name, and what it says was withdrawn by the site."),
    ),
    warnings=("Delisting hides the result; the page stays until its own site removes it.",),
    may_be_forwarded=True,
)
ARCHIVE = Template(
    key="web_archive",
    label="Request to a web archive: take the copies down",
    route=Route.WEB_ARCHIVE,
    subject="Request about archived copies of a page",
    opening="{school} asks you to look at copies of a page that your archive keeps.",
    says=(
        details_of("The copies", ("Archived copy", "archive_link"), ("Original page", "original_link"), ("The original now", "live")),
        detail("Why", "why"),
        nature,
    ),
    removal="take these copies down",
    asks=(
        Ask(
            "archive_link",
            "the address of the archived copy",
            "https://archive.example/20260701/https://forum.example.org/t/12",
            AskKind.LINK,
        ),
        Ask("original_link", "the address of the original", "https://forum.example.org/t/12", AskKind.LINK),
        choice("live", "is the original gone?", LIVE),
        text("why", "why the copies do harm", "The site has removed the post; the copy still shows it to anybody."),
    ),
    warnings=("Best done after the live page is gone: an archive often asks for that first.",),
)
