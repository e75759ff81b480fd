"""A hundred flagged posts, chosen by chance, as a DSL opens them: reasons in words, and highlights that stand in the text as written."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import dashboard.app
from casework.flagging import DEFAULT_RULES, NOT_READ, flag
from dashboard.parts.plain_words import one_line
from dashboard.parts.post_card import MOST_SPANS
from dashboard.parts.testing import SCHOOL, World
from data.model.findings import Finding
from data.model.posts import Post, SeenPost
from nlp.labelled import Labelled, read_posts, read_terms
from nlp.pipeline import Reader, open_reader
from nlp.train import CORPUS

APP = str(Path(dashboard.app.__file__))
HOW_MANY = 100


def chosen() -> Iterator[tuple[Labelled, Reader]]:
    """Yield training posts by chance, each with a reader that watches its writer's schools."""
    files = sorted(CORPUS.glob("*.jsonl"))
    watched = [read_terms([path.with_name(path.name.replace(".jsonl", ".terms.json"))]) for path in files]
    readers = [open_reader(one.terms, one.staff, schools=one.schools) for one in watched]
    posts = [(post, reader) for path, reader in zip(files, readers, strict=True) for post in read_posts([path])]
    yield from random.Random(2026).sample(posts, len(posts))  # noqa: S311 - the same choice each time


def flagged(world: World) -> Iterator[tuple[Post, Finding]]:
    """Put posts that the reader flags on the desk, as the round would."""
    now, desk = world.clock.now(), world.desk
    for labelled, reader in chosen():
        made = labelled.post(1)
        reading = reader.read(made, now)
        if not reading.mentions:
            continue
        finding = flag(reading, made, DEFAULT_RULES, now=now, school_id=reading.schools()[0])
        if finding is None:
            continue
        seen = SeenPost(platform=made.platform, native_id=labelled.id, permalink=f"https://town.example.org/{labelled.id}", text=made.text)
        with desk.store.begin("system") as work:
            post_id = work.posts.keep([seen], source_id=None, seen_at=now).post_ids[0]
            kept = finding.model_copy(update={"school_id": SCHOOL, "post_id": post_id, "post_version": 1})
            work.findings.add(kept)
            post = work.posts.get(post_id)
            work.commit()
        yield post, kept


def shown(finding_id: str) -> str:
    """Return all words on the page of a finding; words of a threat are asked for, as a person does who has read the warning."""
    test = AppTest.from_file(APP, default_timeout=30)
    test.query_params["id"] = finding_id
    test.run()
    test.switch_page("views/finding.py")
    test.query_params["id"] = finding_id
    test.run()
    for warned in (one for one in test.toggle if one.label == "Show the words (threat)"):
        warned.set_value(True).run()
    assert not test.exception
    return "\n".join(str(one.value) for kind in ("text", "markdown", "code", "error") for one in getattr(test, kind))


def is_whole(text: str, start: int, end: int) -> bool:
    """Whether characters neither begin nor end within a word."""
    return not any(0 < place < len(text) and text[place - 1].isalnum() and text[place].isalnum() for place in (start, end))


@pytest.mark.timeout(300)
def test_reasons_and_highlights_of_a_hundred_posts(world: World, at: Callable[[object, str | None], None]) -> None:
    """Each page shows the post, every reason, and each highlight with words that stand so in the post, whole words as a rule."""
    at(world.desk, world.token("dsl"))
    whole = 0
    spans = 0
    for _, (post, finding) in zip(range(HOW_MANY), flagged(world), strict=False):
        page = shown(finding.id)
        assert post.text.strip()[:60].splitlines()[0] in page
        assert finding.reasons
        assert all(reason in page for reason in finding.reasons)
        assert any(span.end > span.start or "no single word" in span.why for span in finding.highlights) or NOT_READ in page
        for span in finding.highlights:
            assert 0 <= span.start <= span.end <= len(post.text)
            assert span.why
        for span in finding.highlights[:MOST_SPANS]:
            assert one_line(span.why, 120) in page
            assert one_line(post.text[span.start : span.end], 80) in page
        places = [span for span in finding.highlights if span.end > span.start]
        spans += len(places)
        whole += sum(is_whole(post.text, span.start, span.end) for span in places)
    assert spans > HOW_MANY
    assert whole / spans > 0.98
