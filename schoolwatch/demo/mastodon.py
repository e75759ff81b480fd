"""Townsquare's interface for programs: Mastodon's API and the ActivityPub object (platforms.md §3, docs.joinmastodon.org)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from schoolwatch.demo.pages import GONE, NOT_FOUND, base_of, iso, words
from schoolwatch.demo.pictures import DRAWING_HEIGHT, DRAWING_WIDTH
from schoolwatch.demo.posts import Place, TownPost
from schoolwatch.demo.scene import Shown, Standing, Town, oldest_first

ACTIVITY = "application/activity+json"
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
DEFAULT_LIMIT, MAX_LIMIT = 20, 40
_LIMITS = {"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": "299"}
_NOT_FOUND = {"error": "Record not found"}


def tags_of(text: str) -> list[str]:
    """Return the hashtags of a text in lower case, each once, in order."""
    return list(dict.fromkeys(tag.lower() for tag in re.findall(r"#(\w+)", text)))


def count(town: Town, shown: Shown, what: str, ceiling: int) -> int:
    """Return an invented but steady number of likes or shares that grows with the hours."""
    hours = max(0.0, (town.now() - shown.posted_at) / timedelta(hours=1))
    return int((shown.number + town.seed + len(what)) % ceiling * min(1.0, (1 + hours) / 12))


def uri_of(shown: Shown, base: str) -> str:
    """Return the global id of a status, where its ActivityPub object is served."""
    return f"{base}/social/users/{shown.post.author}/statuses/{shown.number}"


def _account(shown: Shown, base: str) -> dict[str, Any]:
    handle = shown.post.author
    return {
        "id": handle,
        "username": handle,
        "acct": handle,
        "display_name": shown.author.name,
        "note": words(shown.author.about),
        "url": f"{base}/social/@{handle}",
        "uri": f"{base}/social/users/{handle}",
        "avatar": f"{base}/pictures/people/{handle}.svg",
        "bot": False,
        "indexable": True,
        "locked": False,
    }


def _media(shown: Shown, base: str) -> list[dict[str, Any]]:
    size = {"width": DRAWING_WIDTH, "height": DRAWING_HEIGHT}
    return [
        {
            "id": f"{shown.number}{place}",
            "type": "image",
            "url": f"{base}/pictures/{media.drawing}.svg",
            "preview_url": f"{base}/pictures/{media.drawing}.svg",
            "remote_url": None,
            "description": media.alt,
            "meta": {"original": size},
        }
        for place, media in enumerate(shown.post.media)
    ]


def status(town: Town, shown: Shown, base: str) -> dict[str, Any]:
    """Return the post as Mastodon's Status entity."""
    parent = shown.post.parent
    answered = town.show(town.post(parent)) if parent is not None else None
    return {
        "id": str(shown.number),
        "created_at": iso(shown.posted_at),
        "edited_at": iso(shown.edited_at) if shown.edited_at else None,
        "in_reply_to_id": str(answered.number) if answered else None,
        "in_reply_to_account_id": answered.post.author if answered else None,
        "sensitive": shown.post.warning is not None,
        "spoiler_text": shown.post.warning or "",
        "visibility": "public",
        "language": "en",
        "uri": uri_of(shown, base),
        "url": base + shown.path,
        "content": words(shown.text, f"{base}/social"),
        "reblog": None,
        "account": _account(shown, base),
        "media_attachments": _media(shown, base),
        "tags": [{"name": tag, "url": f"{base}/social/tags/{tag}"} for tag in tags_of(shown.text)],
        "mentions": [],
        "emojis": [],
        "poll": None,
        "card": None,
        "replies_count": len(answers_to(town, shown)),
        "reblogs_count": count(town, shown, "shares", 23),
        "favourites_count": count(town, shown, "likes", 61),
    }


def answers_to(town: Town, shown: Shown) -> list[Shown]:
    """Return the answers to a post, oldest first."""
    return oldest_first(one for one in town.visible(Place.SOCIAL) if one.post.parent == shown.post.key)


def _whole(request: Request, name: str, default: int) -> int:
    """Return a query value as a whole number, the default when it is missing or no number."""
    value = request.query_params.get(name, "")
    return int(value) if value.isdecimal() else default


def _slice(request: Request, posts: Sequence[Shown]) -> list[Shown]:
    """Apply max_id, since_id, min_id and limit: `min_id` gives the oldest that are newer, the others the newest."""
    limit = _limit(request)
    below, floor = _whole(request, "max_id", 1 << 63), max(_whole(request, "min_id", 0), _whole(request, "since_id", 0))
    kept = [one for one in posts if floor < one.number < below]
    return kept[-limit:] if "min_id" in request.query_params else kept[:limit]


def _limit(request: Request) -> int:
    return max(1, min(_whole(request, "limit", DEFAULT_LIMIT), MAX_LIMIT))


def _link(request: Request, rows: Sequence[Shown]) -> dict[str, str]:
    """Return the Link header: `next` only behind a full page, `prev` behind every page that holds something."""
    if not rows:
        return dict(_LIMITS)
    here = request.url.remove_query_params(["max_id", "since_id", "min_id"])
    links = [f'<{here.include_query_params(max_id=rows[-1].number)}>; rel="next"'] if len(rows) == _limit(request) else []
    links.append(f'<{here.include_query_params(min_id=rows[0].number)}>; rel="prev"')
    return {**_LIMITS, "Link": ", ".join(links)}


class Mastodon:
    """The API of the social network."""

    def __init__(self, town: Town) -> None:
        self.town = town

    def _find(self, request: Request) -> TownPost | None:
        return self.town.numbered(Place.SOCIAL, int(request.path_params["number"]))

    def _here(self, request: Request) -> Shown | None:
        post = self._find(request)
        return self.town.show(post) if post is not None and self.town.standing(post) is Standing.HERE else None

    def _rows(self, request: Request, rows: list[Shown]) -> JSONResponse:
        chosen = _slice(request, rows)
        base = base_of(request)
        return JSONResponse([status(self.town, one, base) for one in chosen], headers=_link(request, chosen))

    def tag(self, request: Request) -> Response:
        """GET /api/v1/timelines/tag/:tag."""
        tag = request.path_params["tag"].lower()
        return self._rows(request, [one for one in self.town.visible(Place.SOCIAL) if tag in tags_of(one.text)])

    def public(self, request: Request) -> Response:
        """GET /api/v1/timelines/public."""
        return self._rows(request, self.town.visible(Place.SOCIAL))

    def search(self, request: Request) -> Response:
        """GET /api/v2/search: posts that hold all the words."""
        asked = request.query_params.get("q", "").lower().split()
        start = _whole(request, "offset", 0)
        found = [one for one in self.town.visible(Place.SOCIAL) if asked and all(word in one.text.lower() for word in asked)]
        limit = _limit(request)
        rows = [status(self.town, one, base_of(request)) for one in found[start : start + limit]]
        kinds = {"accounts": [], "statuses": rows, "hashtags": []}
        wanted = request.query_params.get("type")
        return JSONResponse({kind: value if wanted in (None, kind) else [] for kind, value in kinds.items()}, headers=_LIMITS)

    def one(self, request: Request) -> Response:
        """GET /api/v1/statuses/:id: 404 once it is gone."""
        shown = self._here(request)
        if shown is None:
            return JSONResponse(_NOT_FOUND, status_code=NOT_FOUND)
        return JSONResponse(status(self.town, shown, base_of(request)), headers=_LIMITS)

    def history(self, request: Request) -> Response:
        """GET /api/v1/statuses/:id/history: every version, oldest first, without ids."""
        shown = self._here(request)
        if shown is None:
            return JSONResponse(_NOT_FOUND, status_code=NOT_FOUND)
        now_shown = status(self.town, shown, base_of(request))
        shared = {key: now_shown[key] for key in ("spoiler_text", "sensitive", "account", "media_attachments", "emojis")}
        texts = [(shown.post.text, shown.posted_at)] + ([(shown.text, shown.edited_at)] if shown.edited_at else [])
        base = f"{base_of(request)}/social"
        return JSONResponse([{"content": words(text, base), "created_at": iso(at), **shared} for text, at in texts])

    def instance(self, request: Request) -> Response:
        """GET /api/v2/instance."""
        is_open = {"local": "public", "remote": "public"}
        return JSONResponse(
            {
                "domain": request.url.netloc,
                "title": "Townsquare",
                "version": "4.5.0",
                "description": "The invented social network of an invented town.",
                "languages": ["en"],
                "configuration": {"timelines_access": {"live_feeds": is_open, "hashtag_feeds": is_open}},
                "contact": {"email": "moderators@townsquare.example"},
                "rules": [
                    {"id": "1", "text": "No accusations against people as if they were facts."},
                    {"id": "2", "text": "No private data of others."},
                    {"id": "3", "text": "No pile-ons."},
                ],
            }
        )

    def origin(self, request: Request) -> Response:
        """GET the status's `uri`: the ActivityPub object, its Tombstone with 410 (ActivityPub §6.11), or the page for a browser."""
        post = self._find(request)
        if post is None:
            return JSONResponse({"error": "Not Found"}, status_code=NOT_FOUND)
        base, shown = base_of(request), self.town.show(post)
        if "json" not in request.headers.get("accept", ""):
            return RedirectResponse(base + shown.path, status_code=302)
        context = {"@context": "https://www.w3.org/ns/activitystreams", "id": uri_of(shown, base)}
        if self.town.standing(post) is not Standing.HERE:
            return JSONResponse({**context, "type": "Tombstone"}, status_code=GONE, media_type=ACTIVITY)
        return JSONResponse({**context, **_note(self.town, shown, base)}, media_type=ACTIVITY)

    def routes(self) -> list[Route]:
        """Return every address of the API; it stands at the root too, where a server of its own would have it."""
        number = "{number:int}"
        table: list[tuple[str, Callable[[Request], Response]]] = [
            ("/api/v1/timelines/tag/{tag:str}", self.tag),
            ("/api/v1/timelines/public", self.public),
            ("/api/v2/search", self.search),
            (f"/api/v1/statuses/{number}", self.one),
            (f"/api/v1/statuses/{number}/history", self.history),
            ("/api/v2/instance", self.instance),
            ("/api/v1/instance", self.instance),
        ]
        origin = Route(f"/social/users/{{handle:str}}/statuses/{number}", self.origin)
        return [origin, *(Route(f"{start}{path}", handler) for start in ("/social", "") for path, handler in table)]


def _note(town: Town, shown: Shown, base: str) -> dict[str, Any]:
    """Return the post as an ActivityPub Note."""
    answered = town.show(town.post(shown.post.parent)) if shown.post.parent else None
    note = {
        "type": "Note",
        "url": base + shown.path,
        "attributedTo": f"{base}/social/users/{shown.post.author}",
        "to": [PUBLIC],
        "published": iso(shown.posted_at),
        "content": words(shown.text, f"{base}/social"),
        "summary": shown.post.warning,
        "sensitive": shown.post.warning is not None,
        "inReplyTo": uri_of(answered, base) if answered else None,
        "attachment": [
            {"type": "Document", "mediaType": "image/svg+xml", "url": f"{base}/pictures/{media.drawing}.svg", "name": media.alt}
            for media in shown.post.media
        ],
        "tag": [{"type": "Hashtag", "name": f"#{tag}", "href": f"{base}/social/tags/{tag}"} for tag in tags_of(shown.text)],
    }
    return {**note, "updated": iso(shown.edited_at)} if shown.edited_at else note
