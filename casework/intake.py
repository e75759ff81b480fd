"""A report by a person becomes the same finding that a collector would make (policy A13, domain.md §5.4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from casework.errors import ReportRefusedError
from data.model.base import new_id
from data.model.findings import Finding, Report, ReportTick, Wish
from data.model.posts import PlatformName, PostId
from data.model.readings import Category, Severity

MAX_SAYS = 20_000
MAX_LINE = 2_000
SLACK = timedelta(minutes=2)  # a browser's clock may run ahead by a little
RULE = "report"
STOP_REASON = "the reporter says it may show an indecent image of a child: do not open it"

_HOSTS: dict[str, PlatformName] = {
    "facebook.com": PlatformName.FACEBOOK,
    "fb.com": PlatformName.FACEBOOK,
    "fb.watch": PlatformName.FACEBOOK,
    "instagram.com": PlatformName.INSTAGRAM,
    "threads.net": PlatformName.THREADS,
    "threads.com": PlatformName.THREADS,
    "whatsapp.com": PlatformName.WHATSAPP,
    "x.com": PlatformName.X,
    "twitter.com": PlatformName.X,
    "tiktok.com": PlatformName.TIKTOK,
    "youtube.com": PlatformName.YOUTUBE,
    "youtu.be": PlatformName.YOUTUBE,
    "linkedin.com": PlatformName.LINKEDIN,
    "snapchat.com": PlatformName.SNAPCHAT,
    "reddit.com": PlatformName.REDDIT,
    "redd.it": PlatformName.REDDIT,
    "bsky.app": PlatformName.BLUESKY,
    "flickr.com": PlatformName.FLICKR,
    "myspace.com": PlatformName.MYSPACE,
    "wikipedia.org": PlatformName.WIKIPEDIA,
    "mumsnet.com": PlatformName.MUMSNET,
    "discord.com": PlatformName.DISCORD,
    "discord.gg": PlatformName.DISCORD,
    "t.me": PlatformName.TELEGRAM,
    "telegram.me": PlatformName.TELEGRAM,
    "wordpress.com": PlatformName.BLOG,
    "blogspot.com": PlatformName.BLOG,
    "tumblr.com": PlatformName.BLOG,
}


@dataclass(frozen=True)
class ReportForm:
    """What a person types into the report form. `reported_at` None means now; an earlier time needs a reason."""

    says: str
    address: str = ""
    concerns: str = ""
    ticks: tuple[ReportTick, ...] = ()
    wish: Wish = Wish.REMOVE
    reporter: str = ""
    reported_at: datetime | None = None
    backdated_reason: str = ""


def platform_of(address: str | None) -> PlatformName:
    """Return the platform that the address's host belongs to; an unknown site is `other_web` (policy A2: any address may be reported)."""
    parts = _host(address or "").split(".")
    for start in range(len(parts) - 1):
        known = _HOSTS.get(".".join(parts[start:]))
        if known is not None:
            return known
    return PlatformName.OTHER_WEB


def _host(address: str) -> str:
    """Return the host of an address; a broken one ("http://[::1") has none."""
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""


def receipt(now: datetime, number: int) -> str:
    """Return the receipt number of the day's report: short, sayable on the telephone, without a name."""
    return f"R-{now:%Y%m%d}-{number:04d}"


def reported_time(form: ReportForm, now: datetime) -> datetime:
    """Return when the school was told; raises ReportRefusedError for a time in the future or a back-dated one without a reason (§5.4)."""
    if form.reported_at is None:
        return now
    if form.reported_at.tzinfo is None:
        msg = "the time of the report needs a time zone"
        raise ReportRefusedError(msg)
    if form.reported_at > now + SLACK:
        msg = "the time of the report lies in the future; give the time at which the school was told"
        raise ReportRefusedError(msg)
    if now - form.reported_at > SLACK and not form.backdated_reason.strip():
        msg = "the school was told earlier than now: say why the time is earlier (for example: told by word of mouth)"
        raise ReportRefusedError(msg)
    return min(form.reported_at, now)


def report_of(form: ReportForm, *, school_id: str, address: str | None, now: datetime, number: int, user_id: str | None = None) -> Report:
    """Return the report record of a filled form; raises ReportRefusedError naming what is missing or too long."""
    _check(form)
    return Report(
        id=new_id(now),
        receipt=receipt(now, number),
        school_id=school_id,
        address=address,
        says=form.says.strip(),
        concerns=form.concerns.strip() or None,
        ticks=form.ticks,
        wish=form.wish,
        platform=platform_of(address),
        reporter=form.reporter.strip() or None,
        reporter_user_id=user_id,
        reported_at=reported_time(form, now),
        received_at=now,
        backdated_reason=form.backdated_reason.strip() or None,
    )


def _check(form: ReportForm) -> None:
    if not form.says.strip():
        msg = "say in your own words what you saw, even in one line"
        raise ReportRefusedError(msg)
    if len(form.says) > MAX_SAYS:
        msg = f"what you saw is longer than {MAX_SAYS:,} characters; shorten it, the address keeps the rest"
        raise ReportRefusedError(msg)
    for name in ("address", "concerns", "reporter", "backdated_reason"):
        if len(getattr(form, name)) > MAX_LINE:
            msg = f"the field '{name.replace('_', ' ')}' is longer than {MAX_LINE:,} characters"
            raise ReportRefusedError(msg)


def report_to_finding(report: Report, *, now: datetime, post_id: PostId | None = None, post_version: int | None = None) -> Finding:
    """Return the finding that a report makes; an "indecent image" tick sets the STOP route, danger and pupil contact are safeguarding."""
    categories, severity, reasons = _read_ticks(report)
    return Finding(
        id=new_id(now),
        school_id=report.school_id,
        post_id=post_id,
        post_version=post_version,
        report_id=report.id,
        platform=report.platform,
        severity=severity,
        lead_category=categories[0],
        categories=categories,
        reasons=reasons,
        stop=ReportTick.INDECENT_IMAGE in report.ticks,
        rule=RULE,
        seen_at=report.reported_at,
        made_at=now,
    )


_TICKED: tuple[tuple[ReportTick, Category, Severity, str], ...] = (
    (
        ReportTick.INDECENT_IMAGE,
        Category.CSAM,
        Severity.S4,
        STOP_REASON,
    ),
    (ReportTick.DANGER_NOW, Category.SAFEGUARDING_DISCLOSURE, Severity.S4, "the reporter says someone may be in danger now"),
    (ReportTick.PUPIL_CONTACT, Category.STAFF_PUPIL_CONTACT, Severity.S3, "the reporter says a pupil tried to make contact (B10)"),
    (
        ReportTick.IMAGE_WITHOUT_PERMISSION,
        Category.STAFF_IMAGE,
        Severity.S2,
        "the reporter says a picture is used without leave (A13)",
    ),
    (ReportTick.SENT_TO_WORK_ACCOUNT, Category.HARASSMENT_STAFF, Severity.S2, "the reporter says it was sent to a work account (A11)"),
    (ReportTick.INFLAMMATORY, Category.HARASSMENT_STAFF, Severity.S2, "the reporter says it is inflammatory (A13)"),
    (ReportTick.INAPPROPRIATE, Category.HARASSMENT_STAFF, Severity.S2, "the reporter says it is inappropriate (A13)"),
    (ReportTick.INACCURATE, Category.DEFAMATION_INDIVIDUAL, Severity.S2, "the reporter says it is inaccurate (A13)"),
)


def _read_ticks(report: Report) -> tuple[tuple[Category, ...], Severity, tuple[str, ...]]:
    rows = [row for row in _TICKED if row[0] in report.ticks]
    if not rows:
        return (Category.NEUTRAL_MENTION,), Severity.S2, ("a person reported it and ticked nothing: please read",)
    order = list(Category).index
    categories = tuple(sorted({row[1] for row in rows}, key=order))
    return categories, max(row[2] for row in rows), tuple(dict.fromkeys(row[3] for row in rows))
