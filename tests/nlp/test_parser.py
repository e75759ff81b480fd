"""The parser: its shipped weights, training that can be repeated, and what happens when the weights are not what they should be."""

from __future__ import annotations

import gzip
import json
import random
import shutil
from pathlib import Path

import pytest

from nlp import parser, parser_train
from nlp.errors import ModelMismatchError, ModelMissingError
from nlp.parser import ROOT, WEIGHTS
from nlp.parser_train import Tree, figures, main, read_treebank

TREES = (  # words, and for each the number of its head (0: none) and its relation
    ("The teacher took the money .", "2 3 0 5 3 3", "det nsubj ROOT det obj punct"),
    ("my son was pushed by a teacher", "2 4 4 0 7 7 4", "nmod:poss nsubj:pass aux:pass ROOT case det obl:agent"),
    ("she did n't steal it", "4 4 4 0 4", "nsubj aux advmod ROOT obj"),
    ("Did Mr Smith lie to us ?", "4 4 2 0 6 4 4", "aux nsubj flat ROOT case obl punct"),
    ("he is a liar and everyone knows it", "4 4 4 0 7 7 4 7", "nsubj cop det ROOT cc nsubj conj obj"),
    ("I think the head lied", "2 0 4 5 2", "nsubj ROOT det nsubj ccomp"),
)
ROWS = "1\tShe\tshe\tPRON\tPRP\t_\t2\tnsubj\t_\t_\n2\truns\trun\tVERB\tVBZ\t_\t0\troot\t_\t_\n3\t.\t.\tPUNCT\t.\t_\t2\tpunct\t_\t_\n"


def tree(words: str, heads: str, relations: str) -> Tree:
    """Return a sentence of the table."""
    numbers = [int(head) for head in heads.split()]
    places = tuple(place if head == 0 else head - 1 for place, head in enumerate(numbers))
    return Tree(tuple(words.split()), ("NN",) * len(numbers), places, tuple(relations.split()))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a copy of the shipped weights to spoil."""
    target = tmp_path / "weights"
    target.mkdir()
    for name in ("parser.npz", "parser.json"):
        shutil.copy(WEIGHTS / name, target / name)
    return target


@pytest.fixture
def treebank(tmp_path: Path) -> Path:
    """Return a folder with a tiny treebank."""
    for name in (parser_train.TRAIN, parser_train.DEV):
        (tmp_path / name).write_bytes(gzip.compress(("# text = She runs.\n" + ROWS + "\n").encode() * 60))
    return tmp_path


def test_the_shipped_weights_parse() -> None:
    """Heads and relations of plain sentences, with and without capitals, are mostly right."""
    trees = [tree(*row) for row in TREES]
    found = figures(parser.shipped(), trees)
    bare = figures(parser.shipped(), [parser_train.lowered(parser_train.unpunctuated(one)) for one in trees])

    assert found["UAS"] >= 0.9
    assert bare["UAS"] >= 0.85


def test_the_card_says_what_it_was_made_of() -> None:
    """Source, licence, hashes and figures travel with the weights, which are small."""
    card = parser.shipped().card

    assert "CC BY-SA 4.0" in card["source"]["licence"]
    assert card["dev"]["as written"]["UAS"] >= 0.84
    assert card["dev"]["without capitals and punctuation"]["UAS"] >= 0.81
    assert sum((WEIGHTS / name).stat().st_size for name in ("parser.npz", "parser.json")) <= 4_000_000


def test_the_quick_reading_gives_what_spacy_gives() -> None:
    """Our own way through the first layers answers as spaCy's layers do."""
    import numpy as np

    shipped = parser.shipped()
    doc = parser.Doc(shipped._language.vocab, words=["she", "took", "the", "trip", "money"])

    expected = shipped._language.get_pipe("tok2vec").predict([doc])[0]  # type: ignore[attr-defined]
    assert np.allclose(shipped._reader.read(doc), expected, atol=1e-4)


def test_a_sentence_parses_alike_in_any_company() -> None:
    """What stands beside a sentence in the same call does not matter."""
    one, other = ["he", "took", "the", "money"], ["she", "was", "sacked"]

    assert parser.shipped().parse([one, other]) == [*parser.shipped().parse([one]), *parser.shipped().parse([other])]
    assert parser.shipped().parse([["yes"]])[0][0].relation == ROOT
    assert parser.shipped().parse([]) == []


def test_training_twice_gives_the_same_bytes(treebank: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever has the treebank can make the very weights again."""
    for name in ("one", "two"):
        assert main(["--data", str(treebank), "--out", str(tmp_path / name), "--epochs", "2"]) == 0
    assert json.loads(capsys.readouterr().out.split("}\n{")[0] + "}")["sentences"][parser_train.TRAIN] == 60

    for file in ("parser.npz", "parser.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_copies_are_typed_as_on_a_phone() -> None:
    """A copy without punctuation keeps its tree; words for acts take the place of others of the same form."""
    whole = tree(*TREES[0])
    bare = parser_train.lowered(parser_train.unpunctuated(whole))
    tagged = Tree(whole.words, ("DT", "NN", "VBD", "DT", "NN", "."), whole.heads, whole.relations)
    chances = [random.Random(seed) for seed in range(60)]  # noqa: S311 - for an order that can be repeated
    changed = {parser_train.exchanged(tagged, chance).words[2] for chance in chances}

    assert bare.words == ("the", "teacher", "took", "the", "money")
    assert bare.heads == whole.heads[:5]
    assert len(changed) > 1
    assert parser_train.joined([bare, bare]).heads[5:] == tuple(head + 5 for head in bare.heads)


@pytest.mark.parametrize("text", ["", "1\tonly\tthree\n", "x" * 50])
def test_a_file_that_is_no_treebank_is_named(treebank: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is trained on nothing."""
    path = treebank / "broken.conllu"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(parser_train.ReadingError, match=r"broken\.conllu"):
        read_treebank(path)
    (treebank / parser_train.DEV).unlink()
    assert main(["--data", str(treebank), "--out", str(treebank / "out")]) == 1
    assert parser_train.DEV in capsys.readouterr().err
    assert not (treebank / "out").exists()


@pytest.mark.parametrize("name", ["parser.npz", "parser.json"])
def test_missing_weights_are_named(folder: Path, name: str) -> None:
    """A file that is not there is a clear error."""
    (folder / name).unlink()
    with pytest.raises(ModelMissingError, match=name):
        parser.load(folder)


def test_other_weights_are_refused(folder: Path) -> None:
    """Arrays of another making, another version and no JSON at all are refused."""
    card = json.loads((folder / "parser.json").read_text(encoding="utf-8"))
    for change in ({"format": "schoolwatch.parser.v0"}, {"seal": "0" * 64}, {"labels": {"tagger": ["NN"], "parser": {}}}):
        (folder / "parser.json").write_text(json.dumps(card | change), encoding="utf-8")
        with pytest.raises(ModelMismatchError):
            parser.load(folder)
    for text in ("no json", "[]"):
        (folder / "parser.json").write_text(text, encoding="utf-8")
        with pytest.raises(ModelMismatchError):
            parser.load(folder)


def test_spoilt_arrays_are_refused(folder: Path) -> None:
    """Arrays that were changed by one byte do not load."""
    sealed = bytearray((folder / "parser.npz").read_bytes())
    sealed[len(sealed) // 2] ^= 1
    (folder / "parser.npz").write_bytes(bytes(sealed))
    with pytest.raises(ModelMismatchError, match=r"parser\.npz"):
        parser.load(folder)
