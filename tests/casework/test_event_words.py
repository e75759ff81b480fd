"""Every word that the code can write into a case's history or the custody chain is said in plain words, on screens and on paper."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import casework
import evidence
import schoolwatch
from casework.casefiles import CaseFiles
from casework.event_words import EVENT_LABELS
from evidence.custody_words import CUSTODY_LABELS
from schoolwatch.safe import WORDS

WRITERS = {"_event": 3, "record": 3, "CaseEvent": None, "_stop": 4, "_stop_one": 4}  # the place of the word among what they are given
Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules(*rooms: ModuleType) -> Iterator[ModuleType]:
    """Yield every module of the rooms that may write, but not what only tests use."""
    for room in rooms:
        for path in sorted(Path(room.__path__[0]).rglob("*.py")):
            name = ".".join((room.__name__, *path.relative_to(room.__path__[0]).with_suffix("").parts)).removesuffix(".__init__")
            if "testing" not in path.stem and path.stem not in {"invented", "tampering", "broken_packs", "__main__"}:
                yield importlib.import_module(name)


def functions(module: ModuleType) -> Iterator[Function]:
    """Yield every function of a module."""
    tree = ast.parse(Path(module.__file__ or "").read_text(encoding="utf-8"))
    yield from (node for node in ast.walk(tree) if isinstance(node, Function))


def calls(function: Function) -> Iterator[tuple[str, ast.Call]]:
    """Yield what a function calls, by name."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            yield node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", ""), node


def values(node: ast.expr, module: ModuleType, function: Function) -> Iterator[str]:
    """Yield what an expression can be: a word, a constant of the module, either side of a choice, a local name that was given one."""
    match node:
        case ast.Constant(str(word)):
            yield word
        case ast.IfExp():
            yield from (*values(node.body, module, function), *values(node.orelse, module, function))
        case ast.Attribute(ast.Name(owner), name):
            yield str(getattr(getattr(module, owner), name))
        case ast.Name(name) if name in vars(module):
            yield str(vars(module)[name])
        case ast.Name(name):
            yield from _local(name, module, function)
        case _:
            raise AssertionError(f"{module.__name__}.{function.name}: {ast.unparse(node)} is no word that this test can read")


def _local(name: str, module: ModuleType, function: Function) -> Iterator[str]:
    given = [
        one.value for one in ast.walk(function) if isinstance(one, ast.Assign) and name in {getattr(to, "id", "") for to in one.targets}
    ]
    taken = {one.arg for one in (*function.args.args, *function.args.kwonlyargs)}
    assert given or name in taken, f"{module.__name__}.{function.name}: where does '{name}' come from?"
    for one in given:
        yield from values(one, module, function)


def written(module: ModuleType) -> Iterator[str]:
    """Yield each word that a module writes into a case's history; a word that is handed on is found where it is handed over."""
    for function in functions(module):
        yield from _defaults(function)
        for name, call in calls(function):
            place = WRITERS.get(name)
            found = [one.value for one in call.keywords if one.arg == "what" and name in WRITERS]
            found += call.args[place : place + 1] if place is not None else []
            yield from (word for one in found for word in values(one, module, function))


def _defaults(function: Function) -> Iterator[str]:
    given = zip(reversed(function.args.args), reversed(function.args.defaults), strict=False)
    if function.name in WRITERS:
        yield from (str(value.value) for one, value in given if one.arg == "what" and isinstance(value, ast.Constant))


def chained(module: ModuleType) -> Iterator[str]:
    """Yield each word that a module writes into the custody chain: given at once, handed on, or standing before the detail of a step."""
    every = list(functions(module))
    writers = {one.name: _place(one) for one in every if _place(one) is not None and any(name == "CustodyDraft" for name, _ in calls(one))}
    for function in every:
        drafts = [call for name, call in calls(function) if name == "CustodyDraft"]
        found = [one.value for call in drafts for one in call.keywords if one.arg == "what"]
        found += [call.args[writers[name] or 0] for name, call in calls(function) if name in writers]
        yield from (word for one in found if not _is_of_steps(one, function) for word in values(one, module, function))
        if drafts or function.name == "_steps":
            yield from _of_steps(function)


def _place(function: Function) -> int | None:
    names = [one.arg for one in function.args.args if one.arg != "self"]
    return names.index("what") if "what" in names else None


def _is_of_steps(node: ast.expr, function: Function) -> bool:
    """Whether it is the `what` of a loop over steps, whose words are read where the steps are listed."""
    loops = [one.target for one in ast.walk(function) if isinstance(one, ast.comprehension)]
    return isinstance(node, ast.Name) and any(node.id in {getattr(part, "id", "") for part in ast.walk(loop)} for loop in loops)


def _of_steps(function: Function) -> Iterator[str]:
    for one in ast.walk(function):
        match one:
            case ast.Tuple([*_, ast.Constant(str(word)), _]):
                yield word


def test_every_event_word_has_plain_words() -> None:
    """Whatever a case's history may hold is said by the one table; what the table says, the code can write."""
    found = {word for module in modules(casework, schoolwatch) for word in written(module)}

    assert len(found) > 60
    assert sorted(found - set(EVENT_LABELS)) == []
    assert sorted(set(EVENT_LABELS) - found) == []


def test_every_custody_word_has_plain_words() -> None:
    """Whatever the custody chain may hold is said in words in the report; what the table says, the code can write."""
    found = {word for module in modules(casework, evidence, schoolwatch) for word in chained(module)}

    assert len(found) > 8
    assert sorted(found - set(CUSTODY_LABELS)) == []
    assert sorted(set(CUSTODY_LABELS) - found) == []


def test_screens_and_paper_say_the_same() -> None:
    """The report is handed the very table that the screens read."""
    assert WORDS.events is EVENT_LABELS
    assert CaseFiles.chronology.__globals__["EVENT_LABELS"] is EVENT_LABELS
