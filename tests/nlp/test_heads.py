"""The learned heads: their answers, their reasons, and what happens when their weights are not what they should be."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from data.model.readings import Category, Head, Reading
from nlp import heads
from nlp.components import heads as component
from nlp.errors import ModelMismatchError, ModelMissingError
from nlp.features import MASKS, see
from nlp.pipeline import Reader

Read = Callable[..., Reading]
C = Category


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a copy of the shipped weights to spoil."""
    return Path(shutil.copytree(heads.WEIGHTS, tmp_path / "weights"))


def best(reading: Reading, *categories: Category) -> float:
    """Return the highest score of these categories."""
    return max((score.value for score in reading.scores if score.category in categories), default=0.0)


@pytest.mark.parametrize(
    ("worse", "better", "categories"),
    [
        ("Mr Quillander stole the trip money, Fernley Green", "Mr Quillander stole the show at the Fernley Green panto",
         (C.DEFAMATION_INDIVIDUAL, C.STAFF_ALLEGATION)),
        ("gonna bring a knife to fernley tomorrow", "bring a cake knife to the fernley fair please",
         (C.THREAT_TO_LIFE, C.VIOLENCE_INTIMIDATION)),
        ("Mrs Brackenby is a vile old cow, Fernley Green", "Mrs Brackenby is lovely, Fernley Green", (C.HARASSMENT_STAFF,)),
    ],
)  # fmt: skip
def test_the_worse_twin_scores_higher(read: Read, worse: str, better: str, categories: tuple[Category, ...]) -> None:
    """The same words in another sense weigh less."""
    assert best(read(worse), *categories) > best(read(better), *categories)


def test_a_label_has_one_answer(read: Read) -> None:
    """The heads' number stands in the place of the rules', whose words stay as reasons."""
    scores = [score for score in read("Mr Quillander stole the trip money, Fernley Green").scores if score.head is Head.DEFAMATION]

    assert [score.scorer for score in scores if score.category is C.DEFAMATION_INDIVIDUAL] == [component.NAME]
    assert "names a member of staff" in {span.why for score in scores for span in score.spans}


def test_reasons_point_into_the_original(read: Read) -> None:
    """The words shown are words of the post, hidden characters and all, and never the school's name."""
    text = "Mrs Brackenby is a v\u0456le  old cow, Fernley\u00a0Green \U0001f92e"
    spans = [span for score in read(text).scores if score.head is Head.HARASSMENT for span in score.spans]

    assert spans
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert not any("Fernley" in text[span.start : span.end] for span in spans)


def test_a_rule_that_sees_danger_is_a_floor(read: Read) -> None:
    """Whatever the heads say, despair and a threat to life stay above the threshold."""
    assert best(read("can't do this any more, goodbye everyone at FGPS"), C.SELF_HARM) >= component.FLOOR
    assert best(read("gonna bring a knife to fernley tomorrow"), C.THREAT_TO_LIFE) >= component.FLOOR


def test_no_name_is_learned(reader: Reader, post_of: Callable[..., object]) -> None:
    """School and staff are masked before anything is learned of their post."""
    post = post_of("Mr Quillander at Fernley Green, Tamsin in 4B, 3pm, @someone, https://example.org, £5")
    draft = reader.draft(post, reader.matcher.find(post.text))  # type: ignore[arg-type, attr-defined]
    texts = {token.text for token in see(draft).tokens}

    assert {"§staff", "§school", "§name", "§class", "§time", "§user", "§link", "§money"} <= texts & MASKS
    assert not texts & {"quillander", "fernley", "tamsin", "someone"}


def test_a_word_of_foreign_numerals_is_read(read: Read) -> None:
    """Letters that are neither letters nor digits to Python (Tamil ten, twice) are a sign like any other."""
    assert read("\u0bf0\u0bf0 at Fernley Green").scores


def test_missing_weights_are_said(read: Read, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A reading without the heads says so, and keeps the rules' numbers: never a silent zero."""
    monkeypatch.setattr(component, "_model", lambda: component.opened(tmp_path))
    reading = read("Mr Quillander steals from the trip fund at Fernley Green")

    assert reading.not_read is not None
    assert "weights/heads.json" in reading.not_read
    assert best(reading, C.DEFAMATION_INDIVIDUAL) > 0.5


def test_missing_files_are_named(folder: Path) -> None:
    """Each of the two files is needed."""
    (folder / "heads.npz").unlink()
    with pytest.raises(ModelMissingError, match=r"heads\.npz"):
        heads.load(folder)


@pytest.mark.parametrize(("key", "value"), [("format", "schoolwatch.heads.v0"), ("features", "features.v0"), ("heads", []), ("seal", "0")])
def test_another_version_is_refused(folder: Path, key: str, value: object) -> None:
    """Weights of another version, or of another file, are not used."""
    card = json.loads((folder / "heads.json").read_text(encoding="utf-8"))
    (folder / "heads.json").write_text(json.dumps({**card, key: value}), encoding="utf-8")
    with pytest.raises(ModelMismatchError, match="heads"):
        heads.load(folder)


@pytest.mark.parametrize("content", ["", "[]", "{", "\x00"])
def test_a_broken_card_is_refused(folder: Path, content: str) -> None:
    """What is no JSON object is no card."""
    (folder / "heads.json").write_text(content, encoding="utf-8")
    with pytest.raises(ModelMismatchError, match=r"heads\.json"):
        heads.load(folder)


def test_saving_gives_the_same_bytes(tmp_path: Path) -> None:
    """Weights are the same file wherever and whenever they are written."""
    model = heads.shipped()
    for name in ("one", "two"):
        heads.save(model, tmp_path / name)

    assert (tmp_path / "one" / "heads.npz").read_bytes() == (tmp_path / "two" / "heads.npz").read_bytes()
    assert np.allclose(heads.load(tmp_path / "one").linear, model.linear, atol=1e-3)


def test_weights_are_small_and_open_fast() -> None:
    """They ship with every installation and are opened by every process."""
    size = sum(path.stat().st_size for path in heads.WEIGHTS.iterdir())
    begun = time.process_time()
    heads.load(heads.WEIGHTS)

    assert size < 25_000_000
    assert time.process_time() - begun < 1.0
