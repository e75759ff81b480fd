"""The same questions for every page: each role, an empty desk and a full one, and no post text where it could become markup."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import dashboard
from dashboard.parts.testing import ROLES, World, build, fill
from data.clock import FixedClock

ROOM = Path(dashboard.__file__).parent
VIEWS = sorted(path.stem for path in (ROOM / "views").glob("*.py") if path.stem != "__init__")
FILES = sorted(path for path in ROOM.rglob("*.py") if path.stem != "testing")


@pytest.fixture(scope="module")
def empty_world(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A desk on which nothing lies; pages only read it here."""
    yield from _world(empty_database, tmp_path_factory.mktemp("empty"))


@pytest.fixture(scope="module")
def full_world(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A desk with every kind of matter; pages only read it here."""
    for world in _world(empty_database, tmp_path_factory.mktemp("full")):
        yield fill(world)


def _world(template: Path, folder: Path) -> Iterator[World]:
    shutil.copy(template, folder / "app.db")
    made = build(folder, FixedClock(), f"sqlite:///{folder / 'app.db'}")
    yield made
    made.desk.close()


def page(view: str, desk: object, user: object) -> None:
    """Draw one page, as its file does; AppTest takes this function's source."""
    import importlib

    from dashboard.parts.refusal import drawn

    drawn(importlib.import_module(f"dashboard.views.{view}").show, desk, user)


def draw(world: World, view: str, who: str, record_id: str | None = None) -> AppTest:
    """Draw a page for somebody."""
    test = AppTest.from_function(page, kwargs={"view": view, "desk": world.desk, "user": world.people[who]}, default_timeout=20)
    if record_id:
        test.query_params["id"] = record_id
    return test.run()


def faults(test: AppTest) -> list[str]:
    """Return what broke: an exception, or the words that a broken page leaves."""
    return [one.value for one in test.exception] + [one.value for one in test.error if "could not be drawn" in one.value]


@pytest.mark.parametrize("view", VIEWS)
def test_every_page_draws_on_an_empty_desk(empty_world: World, view: str) -> None:
    """On the first day no page breaks, for anybody."""
    broken = {who: faults(draw(empty_world, view, who)) for who in ("dsl", "comms", "governor")}

    assert broken == {"dsl": [], "comms": [], "governor": []}


@pytest.mark.parametrize("view", VIEWS)
def test_every_page_draws_on_a_full_desk(full_world: World, view: str) -> None:
    """With every kind of matter on the desk no page breaks, for any role."""
    broken = {who: faults(draw(full_world, view, who)) for who in ROLES}

    assert {who: [] for who in ROLES} == broken


@pytest.mark.parametrize("view", VIEWS)
def test_every_page_says_what_it_is(full_world: World, view: str) -> None:
    """Each page begins with its title."""
    assert len(draw(full_world, view, "dsl").title) == 1


@pytest.mark.parametrize("view", VIEWS)
def test_a_page_has_at_most_one_primary_button(full_world: World, view: str) -> None:
    """One button stands out: the next right thing."""
    ids = [None]
    if view == "case":
        ids = [case.id for case in full_world.cases.values()]
    if view == "finding":
        ids = [finding.id for finding in full_world.findings.values()]
    counts = {key: _primary(draw(full_world, view, "dsl", key)) for key in ids}

    assert [key for key, count in counts.items() if count > 1] == []


def _primary(test: AppTest) -> int:
    return sum(button.proto.type == "primary" for button in test.button)


_MARKUP = {"markdown", "write", "title", "header", "subheader", "caption", "info", "warning", "error", "success", "toast", "badge", "latex"}
_LABELLED = {
    "button",
    "checkbox",
    "toggle",
    "radio",
    "selectbox",
    "text_input",
    "text_area",
    "expander",
    "metric",
    "link_button",
    "page_link",
}
_OURS = {"muted", "one_of", "leave"}
_FOREIGN = {
    "text",
    "says",
    "author_handle",
    "author_name",
    "concerns",
    "reporter",
    "raw_html",
    "permalink",
    "address",
    "final_address",
    "title",
    "detail",
    "problem",
    "note",
    "reason",
    "labels",
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_nothing_is_drawn_as_raw_html(path: Path) -> None:
    """Markup from outside never becomes part of a page: the elements that would allow it are not used at all."""
    names = {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
    words = {node.arg for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.keyword)}

    assert set() == names & {"html", "components", "iframe", "echo", "magic", "data_editor"} | words & {"unsafe_allow_html"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_foreign_text_stands_only_where_it_stays_text(path: Path) -> None:
    """What a poster or reporter wrote never goes into markdown, a label or a note unless it was escaped."""
    assert [f"{path.name}:{call.lineno}" for call in _calls(path) for part in _read_as_markup(call) if _is_foreign(part)] == []


def _calls(path: Path) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]


def _read_as_markup(call: ast.Call) -> list[ast.expr]:
    of_streamlit = isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name) and call.func.value.id == "st"
    name = call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id if isinstance(call.func, ast.Name) else ""
    if of_streamlit and name in _MARKUP:
        return [*call.args, *(word.value for word in call.keywords if word.arg in {"body", "label", "help"})]
    if of_streamlit and name in _LABELLED:
        return [*call.args[:1], *(word.value for word in call.keywords if word.arg in {"label", "help", "placeholder", "captions"})]
    return list(call.args) if name in _OURS - {"leave"} else []


def _is_foreign(part: ast.AST) -> bool:
    """Whether a field that holds foreign text is in an expression and was not passed through `as_is`."""
    if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id in {"as_is", "len", "counted"}:
        return False
    if isinstance(part, ast.Attribute) and part.attr in _FOREIGN and not _is_step(part):
        return True
    return any(_is_foreign(child) for child in ast.iter_child_nodes(part))


def _is_step(part: ast.Attribute) -> bool:
    return isinstance(part.value, ast.Name) and part.value.id == "st"


def test_the_check_of_foreign_text_sees_a_planted_one() -> None:
    """The check above is not blind."""
    planted = ast.parse("st.markdown(f'**{post.text}**')\nst.button(report.says)\nst.markdown(as_is(post.text))\nst.text(post.text)")
    calls = [node for node in ast.walk(planted) if isinstance(node, ast.Call)]

    assert sorted(call.lineno for call in calls for part in _read_as_markup(call) if _is_foreign(part)) == [1, 2]


def test_every_view_file_can_be_run_by_itself() -> None:
    """Each page file ends by drawing itself, as the page list expects."""
    assert [name for name in VIEWS if 'if __name__ == "__main__":' not in (ROOM / "views" / f"{name}.py").read_text()] == []
