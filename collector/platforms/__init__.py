"""The adapters by name. A new one is a file here and a line in the table."""

from __future__ import annotations

from collector.platform import Platform
from collector.platforms.feed import Feed
from collector.platforms.mastodon import Mastodon
from collector.platforms.webpage import WebPage
from collector.platforms.wordpress import WordPress

PLATFORMS: dict[str, Platform] = {
    "feed": Feed(),
    "wordpress": WordPress(),
    "mastodon": Mastodon(),
    "webpage": WebPage(),
}
