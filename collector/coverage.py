"""What is watched and what is not, said plainly: silence on a place that is not polled is not an all-clear (platforms.md §0)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from data.model.posts import PlatformName
from data.model.watch import Coverage

CHECKED_ON = date(2026, 11, 20)
_REPORT = "Use the report form when somebody tells you of a post: paste its address or words, say when and where it was seen."


@dataclass(frozen=True)
class CoverageRow:
    """One platform that is not watched, or only in part. `watched` is whether this version polls anything of it at all."""

    name: str
    platform: PlatformName
    status: Coverage
    why: str
    instead: str
    checked_on: date = CHECKED_ON
    watched: bool = False


def _row(name: str, platform: PlatformName, status: Coverage, why: str, instead: str = _REPORT, *, watched: bool = False) -> CoverageRow:
    return CoverageRow(name, platform, status, why, instead, watched=watched)


COVERAGE: tuple[CoverageRow, ...] = (
    _row(
        "Facebook",
        PlatformName.FACEBOOK,
        Coverage.MANUAL,
        "There is no public search; only a school's own page could be read, by an app that Meta approved. Not connected in this version.",
        "Look at your own page's comments and reviews in Facebook; use the report form for posts in groups and on other pages.",
    ),
    _row(
        "Instagram",
        PlatformName.INSTAGRAM,
        Coverage.MANUAL,
        "Only a school's own professional account and a few hashtags could be read, by an approved app. Not connected in this version.",
        "Look at comments and tags in your own account; use the report form for everything else.",
    ),
    _row(
        "Threads",
        PlatformName.THREADS,
        Coverage.MANUAL,
        "Search is open only to apps that Meta has approved. Not connected in this version.",
    ),
    _row(
        "X (Twitter)",
        PlatformName.X,
        Coverage.MANUAL,
        "Search needs a developer account and costs money for each post read. Not connected in this version.",
    ),
    _row(
        "TikTok",
        PlatformName.TIKTOK,
        Coverage.MANUAL,
        "There is no public search for schools; the research access is for universities only.",
        "Use the report form with the address of the film; do not download it.",
    ),
    _row(
        "YouTube",
        PlatformName.YOUTUBE,
        Coverage.MANUAL,
        "Search needs a key with a small daily allowance. Not connected in this version.",
        "A channel's own feed can be added as a source; use the report form for other films and comments.",
    ),
    _row(
        "Reddit",
        PlatformName.REDDIT,
        Coverage.MANUAL,
        "Since November 2025 Reddit must approve every new program. Not connected in this version.",
    ),
    _row(
        "Bluesky",
        PlatformName.BLUESKY,
        Coverage.MANUAL,
        "Search needs a free account of the school. Not connected in this version.",
    ),
    _row(
        "Mastodon and the fediverse",
        PlatformName.MASTODON,
        Coverage.FULL,
        "Only posts that carry a watched hashtag, and that the chosen server knows; answers without it do not come. Posts without one are "
        "found only where server and author allow search.",
        "Add the hashtags that parents use; use the report form for posts without one.",
        watched=True,
    ),
    _row(
        "LinkedIn",
        PlatformName.LINKEDIN,
        Coverage.MANUAL,
        "There is no public search; only a school's own page could be read, after approval. Not connected in this version.",
    ),
    _row(
        "Flickr",
        PlatformName.FLICKR,
        Coverage.MANUAL,
        "Search needs a key. Not connected in this version.",
        "The public feed of a tag can be added as a source; use the report form for the rest.",
    ),
    _row(
        "Wikipedia and other wikis",
        PlatformName.WIKIPEDIA,
        Coverage.GIVEN_URL,
        "Search of the encyclopaedia is not connected in this version; the history of a page can be watched through its feed.",
        "Add the feed of the article's history as a source; a school must not edit an article about itself.",
        watched=True,
    ),
    _row(
        "Google Alerts",
        PlatformName.OTHER_WEB,
        Coverage.FULL,
        "Only what Google has indexed, hours to days late.",
        "A person makes the alert with delivery «RSS feed» and adds its address as a source.",
        watched=True,
    ),
    _row(
        "Blogs and news sites",
        PlatformName.BLOG,
        Coverage.FULL,
        "Only the sites that were added as sources, and only what their feed or WordPress interface shows. Comments come with WordPress "
        "sites that show them to programs, and are read in their conversation; from feeds no comments come.",
        "Add the feed of each local site; use the report form for the others.",
        watched=True,
    ),
    _row(
        "Forums and other web pages",
        PlatformName.FORUM,
        Coverage.GIVEN_URL,
        "Only the pages that were added as sources, and only where the site's robots.txt allows it. Which post answers which is not known "
        "here: an answer that does not name the school is kept, but not read as part of a conversation.",
        "Add the page where your school is talked about; use the report form for the others.",
        watched=True,
    ),
    _row(
        "Mumsnet",
        PlatformName.MUMSNET,
        Coverage.GIVEN_URL,
        "There is no interface for programs; single threads may be added as web pages where the site's rules allow it.",
    ),
    _row("Myspace", PlatformName.MYSPACE, Coverage.MANUAL, "There is no public interface."),
    _row(
        "Google+",
        PlatformName.GOOGLE_PLUS,
        Coverage.CLOSED,
        "Closed to the public in April 2019; there is nothing left to watch.",
        "Nothing needs to be done.",
    ),
    _row(
        "Snapchat",
        PlatformName.SNAPCHAT,
        Coverage.MANUAL,
        "Private messages and stories may not be read by a program, and we do not try.",
        "A person who saw it reports it; do not ask a child to search, copy or send anything.",
    ),
    _row(
        "WhatsApp and Messenger",
        PlatformName.WHATSAPP,
        Coverage.MANUAL,
        "Private messages and groups may not be read by a program, and we do not try.",
        "A member of the group who saw it reports it in their own words.",
    ),
    _row(
        "Telegram",
        PlatformName.TELEGRAM,
        Coverage.MANUAL,
        "Groups are private or need an account. Not connected in this version.",
    ),
    _row(
        "Discord",
        PlatformName.DISCORD,
        Coverage.MANUAL,
        "Servers and messages are only visible to their members, and we do not try.",
        "A member who saw it reports it in their own words.",
    ),
)
