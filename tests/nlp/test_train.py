"""Training: from labelled posts to the same weights every time, with plain words when something is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nlp import heads, train

TERMS = {"schools": [{"name": "Fernley Green Primary School", "aliases": ["Fernley Green"], "people": {"head": "Mrs Brackenby"}}]}
HARMFUL = ("Mrs Brackenby stole the {} money", "Mrs Brackenby lied about the {}", "Mrs Brackenby is a thief, ask about the {}")
HARMLESS = ("lovely {} today, thank you", "when does the {} start?", "the {} was a bit long I thought")
THINGS = ("trip", "fair", "disco", "raffle", "choir")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Return a folder with the posts of two invented writers."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    for writer in ("w1", "w2"):
        texts = [(text.format(thing), label) for thing in THINGS for texts, label in ((HARMFUL, "defamation"), (HARMLESS, "praise"))
                 for text in texts]  # fmt: skip
        rows = [
            {"id": f"{writer}-{number}", "text": f"{text}. Fernley Green {writer}", "mentions_school": True, "labels": [label],
             "target": "staff", "severity": 3 if label == "defamation" else 0, "pair": f"p{number % 5}"}
            for number, (text, label) in enumerate(texts)
        ]  # fmt: skip
        (folder / f"{writer}.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        (folder / f"{writer}.terms.json").write_text(json.dumps(TERMS), encoding="utf-8")
    return folder


def test_training_twice_gives_the_same_bytes(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever has the posts can make the very weights again, and sees figures over writers held out."""
    pytest.importorskip("sklearn", reason="training needs the extra `train`")
    for name in ("one", "two"):
        assert train.main(["--corpus", str(corpus), "--out", str(tmp_path / name)]) == 0
    figures = json.loads(capsys.readouterr().out.split("}\n{")[0] + "}")

    assert figures["auc"]["any_harm"] > 0.9
    for file in ("heads.npz", "heads.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    assert heads.load(tmp_path / "one").card["posts"] == {"w1.jsonl": 30, "w2.jsonl": 30}


def test_an_empty_folder_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is trained on nothing."""
    assert train.main(["--corpus", str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    assert str(tmp_path) in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_broken_line_is_named(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A half-read corpus trains nothing."""
    with (corpus / "w2.jsonl").open("a", encoding="utf-8") as file:
        file.write("\nnot json")
    assert train.main(["--corpus", str(corpus), "--out", str(corpus / "out")]) == 1
    assert "w2.jsonl, line 31" in capsys.readouterr().err


def test_the_shipped_weights_say_what_they_are_made_of() -> None:
    """The card names the posts, their hash and the figures."""
    card = heads.shipped().card

    assert card["posts"]["t1.jsonl"] > 400
    assert card["held_out_writers"]["auc"]["any_harm"] > 0.8
    assert len(card["data_hash"]) == 64
