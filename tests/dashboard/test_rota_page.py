"""The page "Who is told": ways, rota, alarms; addresses are shown to their owner only."""

from __future__ import annotations

from datetime import timedelta

from streamlit.testing.v1 import AppTest

from casework import outbox
from dashboard.parts.testing import SCHOOL, World
from data.model.readings import Category, Severity
from data.model.telling import MessageState, WayKind


def page(desk: object, user: object) -> None:
    """Draw the page; AppTest takes this function's source."""
    from dashboard.parts.refusal import drawn
    from dashboard.views.rota import show

    drawn(show, desk, user)


def draw(world: World, who: str = "dsl") -> AppTest:
    """Draw the page for somebody."""
    return AppTest.from_function(page, kwargs={"desk": world.desk, "user": world.people[who]}, default_timeout=20).run()


def text(test: AppTest) -> str:
    """Return everything that stands on the page."""
    parts = [*test.text, *test.markdown, *test.info, *test.warning, *test.error, *test.success, *test.code]
    return "\n".join(str(one.value) for one in parts)


def test_an_empty_rota_is_said(world: World) -> None:
    """The page says that nobody is on call, who is asked instead, and that nobody can be reached."""
    shown = text(draw(world))

    assert "Nobody is on call" in shown
    assert "1. Invented dsl (safeguarding lead (DSL)): cannot be reached yet" in shown
    assert "Nobody in this row can be reached" in shown


def test_a_way_is_added_tried_and_removed(world: World) -> None:
    """A person adds a mail address, sends a test, removes it again."""
    test = draw(world)
    test.text_input(key="way-address-0").set_value("lead@fernley-green.example")
    test.button(key="FormSubmitter:way-0-Add this way").click().run()
    way = world.desk.casework.my_ways(world.people["dsl"])[0]
    test.button(key=f"try-{way.id}").click().run()
    tried = world.desk.casework.messages_due(world.clock.now())
    test.button(key=f"drop-{way.id}").click().run()

    assert way.address == "lead@fernley-green.example"
    assert [one.message.way_id for one in tried] == [way.id]
    assert world.desk.casework.my_ways(world.people["dsl"]) == ()


def test_a_wrong_address_is_refused_and_stays_typed(world: World) -> None:
    """A webhook into the school's own network is refused, and what was typed stays."""
    test = draw(world)
    test.radio(key="way-kind-0").set_value(WayKind.WEBHOOK)
    test.text_input(key="way-address-0").set_value("http://10.0.0.7/hook")
    test.button(key="FormSubmitter:way-0-Add this way").click().run()

    assert any("not a public web address" in one.value for one in test.error)
    assert test.text_input(key="way-address-0").value == "http://10.0.0.7/hook"
    assert world.desk.casework.my_ways(world.people["dsl"]) == ()


def test_nobody_sees_anothers_address(world: World) -> None:
    """That somebody can be reached is shown to all, the address to its owner alone."""
    world.desk.casework.add_way(world.people["head"], WayKind.MAIL, "secret-box@fernley-green.example")

    assert "secret-box" in text(draw(world, "head"))
    assert "secret-box" not in text(draw(world, "dsl"))
    assert "mail" in next(one.value for one in draw(world).text if "Invented head" in str(one.value))


def test_somebody_is_put_on_call(world: World) -> None:
    """The lead puts the deputy on call; the row begins with the deputy; it can be taken back."""
    test = draw(world)
    test.selectbox(key="call-who").set_value("u-deputy")
    test.button(key="call-go").click().run()
    found = world.desk.casework.rota(world.people["dsl"], SCHOOL)
    shown = text(test)
    test.button(key=f"off-{found.coming[0].id}").click().run()

    assert (found.on_call, found.line[0].user.id) == (1, "u-deputy")
    assert "1. Invented deputy (deputy safeguarding lead), on call" in shown
    assert world.desk.casework.rota(world.people["dsl"], SCHOOL).on_call == 0


def test_away_and_closures_are_entered(world: World) -> None:
    """Time away with cover and an inset day are entered by forms."""
    test = draw(world)
    test.selectbox(key="away-who").set_value("u-dsl")
    test.selectbox(key="away-cover").set_value("u-head")
    test.button(key="away-go").click().run()
    test.text_input(key="closed-name").set_value("Inset")
    test.button(key="closed-go").click().run()
    found = world.desk.casework.rota(world.people["dsl"], SCHOOL)

    assert [(one.user_id, one.cover_user_id) for one in found.away] == [("u-dsl", "u-head")]
    assert [one.name for one in found.closures] == ["Inset"]


def test_what_may_not_have_arrived_is_red_until_settled(world: World) -> None:
    """An alarm of which nobody is known to have heard stands on top in words, until somebody says that it is known."""
    world.desk.casework.add_way(world.people["dsl"], WayKind.MAIL, "lead@fernley-green.example")
    world.clock.forward(timedelta(hours=14))
    reading = world.flag("grave", "someone is getting hurt at three", Severity.S4, Category.THREAT_TO_LIFE)

    with world.desk.store.begin("system") as work:
        outbox.alert(work, reading, world.clock.now())
        work.commit()
    due = world.desk.casework.messages_due(world.clock.now())[0].message
    world.desk.casework.message_taken(due.id, "worker-1")
    world.desk.casework.messages_lost("worker-1")
    test = draw(world)
    shown = text(test)
    failed = world.desk.casework.outbox(world.people["dsl"], SCHOOL).troubled[0]
    test.button(key=f"settle-{failed.id}").click().run()

    assert "Nobody is known to have got this" in shown
    assert "unknown whether it went out" in shown
    assert "hurt at three" not in shown
    assert world.desk.casework.outbox(world.people["dsl"], SCHOOL).troubled == ()
    assert world.desk.casework.outbox(world.people["dsl"], SCHOOL).counts[MessageState.UNKNOWN] == 1


def test_who_is_not_told_has_nothing_to_set_up(world: World) -> None:
    """Staff and governors have no ways here."""
    assert "nothing to set up" in text(draw(world, "staff"))
    assert "nothing to set up" in text(draw(world, "governor"))
