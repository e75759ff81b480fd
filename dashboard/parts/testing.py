"""A desk with an invented school behind it, empty or full of every kind of matter: for tests of the screens and for looking at them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher

from casework.files import Decided
from casework.intake import ReportForm
from casework.notice import Wording
from casework.service import Casework
from casework.testing import a_thread
from collector.public_address import Gate
from data.clock import FixedClock
from data.model.cases import Capacity, Case, Ground, RemovalCheck, Route, Verdict
from data.model.evidence import SafetyAnswer
from data.model.findings import DecisionKind, Finding, ReportTick
from data.model.people import Role, User
from data.model.posts import Media, PlatformName, SeenPost
from data.model.readings import Category, Head, Mention, Reading, Severity, Span
from data.model.threads import ThreadAlert, ThreadKind
from data.model.tuning import TuningKind
from data.model.watch import Health, School, Source, SourceState, StaffMember, TermKind, WatchTerm
from data.store import Store
from evidence.keys import SealKey
from evidence.testing import fake_capture
from evidence.vault import Vault
from schoolwatch.desk import Desk
from schoolwatch.people import People
from schoolwatch.safe import Safe
from schoolwatch.settings import Settings
from schoolwatch.sign_in import SignIn
from schoolwatch.watch import Watch

SCHOOL = "fernley"
PASSWORD = "orchard-lantern-47"  # noqa: S105 - of invented people on a desk that lives for one test
CODE = "fern-leaf-9"
ROLES: dict[str, Role] = {
    "dsl": Role.DSL,
    "deputy": Role.DEPUTY_DSL,
    "head": Role.HEADTEACHER,
    "comms": Role.COMMS_LEAD,
    "chair": Role.CHAIR,
    "governor": Role.GOVERNOR,
    "it": Role.IT_ADMIN,
    "staff": Role.STAFF,
}
HOSTILE = (
    "Mr Quillfeather took the trip money, fact. ![x](https://pixel.example.org/a.png) <script>alert(1)</script> "
    "<img src=x onerror=alert(1)> [press](javascript:alert(1)) **bold** :red[red] $x^2$ :material/bolt: \u202edlrow\u202c =1+1"
)


@dataclass
class World:
    """A desk, its clock, and what was put on it."""

    desk: Desk
    clock: FixedClock
    people: dict[str, User] = field(default_factory=dict)
    findings: dict[str, Finding] = field(default_factory=dict)
    cases: dict[str, Case] = field(default_factory=dict)

    def token(self, who: str) -> str:
        """Sign a person in."""
        return self.desk.sign_in.sign_in(who, PASSWORD)

    def flag(self, key: str, text: str, severity: Severity, category: Category, **more: Any) -> Finding:
        """Put a flagged post on the desk."""
        now = self.clock.now()
        seen = SeenPost(
            platform=more.pop("platform", PlatformName.MASTODON),
            native_id=key,
            permalink=f"https://town.example.org/@someone/{key}",
            author_handle=more.pop("handle", "@someone"),
            text=text,
            created_at=now - timedelta(minutes=9),
            media=more.pop("media", ()),
        )
        with self.desk.store.begin("system") as work:
            post_id = work.posts.keep([seen], source_id=None, seen_at=now).post_ids[0]
            finding = Finding(
                id=f"f-{key}",
                school_id=SCHOOL,
                post_id=post_id,
                post_version=1,
                platform=seen.platform,
                severity=severity,
                lead_category=category,
                categories=(category,),
                reasons=more.pop("reasons", ("may state a crime or grave wrong as a fact about a named person: “took the trip money”",)),
                highlights=(Span(start=0, end=min(15, len(text)), why="a person from the staff list"),),
                rule="flag.v1",
                seen_at=now,
                made_at=now,
                **more,
            )
            work.findings.add(finding)
            work.commit()
        self.findings[key] = finding
        self.clock.forward(timedelta(minutes=7))
        return finding

    def together(self, *keys: str, kind: ThreadKind = ThreadKind.COURSE_OF_CONDUCT, more: int = 0) -> ThreadAlert:
        """Let flagged posts, and `more` posts that were not flagged, be found to belong together."""
        now = self.clock.now()
        plain = [
            SeenPost(
                platform=PlatformName.MASTODON,
                native_id=f"{kind.value}-{number}",
                permalink=f"https://town.example.org/@someone/{kind.value}-{number}",
                text=f"and again, number {number}",
            )
            for number in range(more)
        ]
        with self.desk.store.begin("system") as work:
            kept = work.posts.keep(plain, source_id=None, seen_at=now).post_ids
            work.commit()
        ids = (*(post_id for key in keys if (post_id := self.findings[key].post_id) is not None), *kept)
        found = a_thread(*ids, minutes=5, since=now - timedelta(minutes=90), kind=kind, school_id=SCHOOL)
        return self.desk.casework.threads_found(SCHOOL, [found], dict.fromkeys(ids, 0.7))[0]

    def open_case(self, key: str, text: str, category: Category = Category.HARASSMENT_STAFF, target: str = "teacher") -> Case:
        """Flag a post and open a case from it."""
        finding = self.flag(key, text, Severity.S2, category)
        made = self.desk.casework.decide(
            self.people["dsl"], finding.id, DecisionKind.OPEN_CASE, category, Severity.S2, target, "It targets one teacher."
        )
        return self.keep(key, made)

    def keep(self, key: str, made: Decided) -> Case:
        """Remember the case that a decision opened."""
        if made.case is None:
            raise AssertionError(key)
        self.cases[key] = made.case
        return made.case

    def capture(self, key: str) -> None:
        """Order the capture of a case and seal it, as the worker would."""
        room, case = self.desk.casework, self.cases[key]
        item = room.case(self.people["dsl"], case.id).items[0]
        order = room.order_started(room.order_capture(self.people["dsl"], case.id, item.id, SafetyAnswer.NO).id)
        evidence, custody = fake_capture(order, case, item, vault=self.desk.vault, now=self.clock.now())
        room.evidence_sealed(order.id, evidence, custody)

    def draft(self, key: str) -> str:
        """Draft a request for a captured case; return its id."""
        room, case = self.desk.casework, self.cases[key]
        item = room.case(self.people["dsl"], case.id).items[0]
        wording = Wording(what_it_is="A post that calls one teacher names.", rule_breached="No harassment")
        return room.draft(
            self.people["dsl"],
            case.id,
            item.id,
            Route.FEDIVERSE_MODERATORS,
            Ground.PLATFORM_RULES,
            Capacity.SCHOOL_REPRESENTATIVE,
            wording,
        ).id

    def look(self, key: str, verdict: Verdict, slot: str) -> None:
        """Let the worker look at a case's address."""
        case = self.cases[key]
        item = self.desk.casework.case(self.people["dsl"], case.id).items[0]
        now = self.clock.now()
        self.desk.casework.check_seen(
            case.id,
            RemovalCheck(
                id=f"c-{key}-{slot}",
                case_id=case.id,
                item_id=item.id,
                slot=slot,
                by="system",
                at=now,
                verdict=verdict,
                method="web page",
                status=404 if verdict is Verdict.REMOVED_UNKNOWN else 200,
                detail="the page answered as expected",
            ),
        )


def build(folder: Path, clock: FixedClock, database: str) -> World:
    """Wire a desk on a store of its own, with a school and one person for each role."""
    settings = Settings(
        state_dir=folder,
        database=database,
        contact="office@fernley-green.example",
        privacy_notice_url="https://fernley-green.example/privacy",
        dpia_signed_on=date(2026, 9, 1),
        dpia_signed_by="Head",
    )
    store, vault, gate = Store.open(settings.database_url, clock), Vault(settings.vault_dir), Gate()
    room = Casework(store, clock)
    quick = SignIn(store, clock, timedelta(minutes=30), PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    desk = Desk(
        settings=settings,
        store=store,
        clock=clock,
        gate=gate,
        vault=vault,
        casework=room,
        sign_in=quick,
        people=People(store, clock, quick),
        watch=Watch(store, clock, gate),
        safe=Safe(store, clock, vault, room, lambda: SealKey.open(settings.state_dir)),
    )
    world = World(desk, clock)
    now = clock.now()
    with desk.store.begin("system") as work:
        work.schools.add(
            School(
                id=SCHOOL,
                name="Fernley Green Primary School",
                postal_address="Mill Lane, Fernley Green",
                reply_mailbox="office@fernley-green.example",
                report_code=CODE,
                added_at=now,
            )
        )
        for name, role in ROLES.items():
            user = User(id=f"u-{name}", username=name, name=f"Invented {name}", roles={SCHOOL: (role,)}, added_by="system", added_at=now)
            work.users.add(user)
            quick.set_password(work, user, PASSWORD)
            world.people[name] = user
        work.commit()
    return world


def fill(world: World) -> World:
    """Put every kind of matter on the desk."""
    _watched(world)
    _flagged(world)
    _reported(world)
    _in_cases(world)
    _for_the_lead(world)
    _tuned(world)
    return world


def _flagged(world: World) -> None:
    picture = Media(kind="image", url="https://pixel.example.org/a.png")
    world.flag("trip", HOSTILE, Severity.S3, Category.DEFAMATION_INDIVIDUAL, media=(picture,))
    world.flag("late", "The bus of Fernley Green is late again, third time this week.", Severity.S1, Category.FAIR_CRITICISM)
    world.flag("shout", "useless Q again, everyone email him", Severity.S2, Category.HARASSMENT_STAFF, platform=PlatformName.FORUM)
    world.flag("threat", "someone is getting hurt at three", Severity.S4, Category.THREAT_TO_LIFE)
    held = world.flag("held", "not sure about this one", Severity.S2, Category.PUPIL_BULLYING)
    world.desk.casework.decide(
        world.people["dsl"], held.id, DecisionKind.HOLD, Category.PUPIL_BULLYING, Severity.S2, "none", "Ask the form teacher first."
    )


def _reported(world: World) -> None:
    room = world.desk.casework
    room.report(CODE, ReportForm(says="Somebody posts about Mr Q.", ticks=(ReportTick.INACCURATE,), reporter="Mrs Oddwell"))
    stopped = (ReportTick.INDECENT_IMAGE,)
    room.report(CODE, ReportForm(says="A picture is passed round.", address="https://chat.example.org/r/1", ticks=stopped))
    room.report_by(world.people["staff"], SCHOOL, ReportForm(says="A parent account posts daily about me."))


def _in_cases(world: World) -> None:
    room, dsl = world.desk.casework, world.people["dsl"]
    world.open_case("fresh", "Q should be ashamed, we will find him in the car park")
    for key in ("captured", "ready", "asked", "gone", "closed"):
        world.open_case(key, f"Fernley Green: make Mr Q quit, message him all day ({key})")
        world.capture(key)
    ids = {key: world.draft(key) for key in ("ready", "asked", "gone", "closed")}
    for key in ("asked", "gone", "closed"):
        room.record_sent(dsl, ids[key], None, "T-1001")
    world.clock.forward(timedelta(hours=1))
    world.look("asked", Verdict.PRESENT, "one")
    for slot in ("one", "two"):
        for key in ("gone", "closed"):
            world.look(key, Verdict.REMOVED_UNKNOWN, slot)
        world.clock.forward(timedelta(minutes=20))
    room.close(dsl, world.cases["closed"].id, "removed", "Ask the server early.", "Talk with the teacher.")


def _for_the_lead(world: World) -> None:
    room, dsl = world.desk.casework, world.people["dsl"]
    stopped = world.open_case("stopped", "pictures of Y10, swap?", Category.PUPIL_BULLYING, "pupils")
    room.order_capture(dsl, stopped.id, room.case(dsl, stopped.id).items[0].id, SafetyAnswer.NOT_SURE)
    worry = world.flag("worry", "K says nobody feeds her at weekends", Severity.S3, Category.SAFEGUARDING_DISCLOSURE)
    kind, category = DecisionKind.SAFEGUARDING, Category.SAFEGUARDING_DISCLOSURE
    world.keep("worry", room.decide(dsl, worry.id, kind, category, Severity.S4, "pupil", "May need help."))


def _tuned(world: World) -> None:
    """Set a post aside as a namesake; let one change to what is flagged count, and try another."""
    now, room, dsl = world.clock.now(), world.desk.casework, world.people["dsl"]
    church = Mention(start=0, end=4, term_id="t-1", school_id=SCHOOL, reasons=(Span(start=0, end=4, why="a *church* of this name"),))
    seen = SeenPost(platform=PlatformName.BLOG, native_id="church", permalink="https://blog.example.org/church", text=HOSTILE)
    with world.desk.store.begin("system") as work:
        post_id = work.posts.keep([seen], source_id=None, seen_at=now).post_ids[0]
        work.readings.add(Reading(post_id=post_id, post_version=1, pipeline="test.v1", read_at=now, namesakes=(church,)))
        work.commit()
    made = room.propose_tuning(dsl, SCHOOL, TuningKind.THRESHOLD, why=HOSTILE, days=90, head=Head.HARASSMENT, threshold=0.6)
    room.back_test_tuning(dsl, made.id)
    room.go_live(dsl, made.id)
    hidden = Category.HARASSMENT_STAFF
    made = room.propose_tuning(dsl, SCHOOL, TuningKind.SUPPRESSION, why="Sports day.", days=30, category=hidden, phrase="[egg](x) race")
    room.back_test_tuning(dsl, made.id)


_SOURCES = (("Town #fernleygreen", Health.OK), ("Village forum", Health.WALL), ("Valley wiki", Health.NEW))


def _watched(world: World) -> None:
    now = world.clock.now()
    with world.desk.store.begin("system") as work:
        for number, (name, health) in enumerate(_SOURCES):
            source = Source(
                id=f"s-{number}",
                school_id=SCHOOL,
                adapter="mastodon",
                platform=PlatformName.MASTODON,
                name=name,
                address=f"https://town{number}.example.org/",
                added_by="system",
                added_at=now,
            )
            work.sources.add(source)
            read = now if health is Health.OK else None
            polled = None if health is Health.NEW else now
            state = SourceState(source_id=source.id, health=health, last_polled_at=polled, last_ok_at=read, last_post_at=read)
            work.source_states.add(state)
        term = WatchTerm(id="t-1", school_id=SCHOOL, kind=TermKind.HASHTAG, phrase="#fernleygreen", added_by="system", added_at=now)
        work.terms.add(term)
        work.staff.add(StaffMember(id="q", school_id=SCHOOL, name="Mr Quillfeather", role="Year 6 teacher"))
        work.commit()
