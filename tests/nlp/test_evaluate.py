"""The command that judges the reader: what it takes, what it writes, what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from data.model.readings import Category
from data.model.watch import TermKind
from nlp.evaluate import evaluate, main
from nlp.labelled import read_posts, read_terms
from nlp.mentions import Matcher

SCHOOL = {
    "name": "Fernley Green Primary School",
    "aliases": ["Fernley Green", "#fernleygreen", "@fernleygreenps", "FGPS", "ferny"],
    "not": ["Fernley Green Garden Centre", "Fernley Green (the tram stop)"],
    "town": "Fernley",
    "people": {"head": "Mrs Brackenby", "staff": ["Mr Quillander"]},
}
ROWS: tuple[dict[str, Any], ...] = (
    {"id": "a1", "text": "Mr Quillander steals the dinner money at Fernley Green", "labels": ["defamation"], "severity": 3, "pair": "P1"},
    {"id": "a2", "text": "Could Fernley Green say where the dinner money goes?", "labels": ["fair_criticism"], "severity": 0, "pair": "P1"},
    {"id": "a3", "text": "I will kill Mr Quillander at Fernley Green tomorrow", "labels": ["threat"], "severity": 4, "pair": None},
    {"id": "a4", "text": "Thank you Fernley Green, wonderful play", "labels": ["praise"], "severity": 0, "pair": None},
    {"id": "a5", "text": "Lunch was nice", "labels": ["neutral"], "severity": 0, "pair": None},
)
Files = Callable[..., list[str]]


def full(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with the keys that every line has."""
    mentions = "Fernley" in str(row.get("text"))
    return {"mentions_school": mentions, "target": "none", "note": "", "series": None, "author": None, "t_min": None, **row}


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Return a maker of a posts file and a terms file, which gives the options for the command."""

    def make(rows: object = ROWS, terms: object = None, name: str = "x1") -> list[str]:
        posts, words = tmp_path / f"{name}.jsonl", tmp_path / f"{name}.terms.json"
        lines = rows if isinstance(rows, str) else "".join(json.dumps(full(row)) + "\n" for row in rows)  # type: ignore[attr-defined]
        posts.write_text(lines, encoding="utf-8")
        words.write_text(terms if isinstance(terms, str) else json.dumps(terms or {"schools": [SCHOOL]}), encoding="utf-8")
        return ["--posts", str(posts), "--terms", str(words)]

    return make


def test_each_post_gets_its_line(files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The scores file holds one line a post with exactly the agreed keys, the printed report is JSON."""
    out = tmp_path / "scores.jsonl"

    assert main([*files(), "--out", str(out)]) == 0
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [line["id"] for line in lines] == ["a1", "a2", "a3", "a4", "a5"]
    assert set(lines[0]) == {"id", "mention", "flag", "any_harm", "takedown", "lead_category", "severity", "scores"}
    assert set(lines[0]["scores"]) <= set(Category)
    assert [line["mention"] for line in lines] == [True, True, True, True, False]
    report = json.loads(capsys.readouterr().out)
    assert report["posts"] == 5
    assert report["near_twins"]["pairs"] == 1
    assert report["mention"] == {"precision": 1.0, "recall": 1.0, "found": 4}


def test_the_same_rule_as_in_the_product_speaks(files: Files) -> None:
    """A threat leads and is grave but waits for the police; criticism and praise are never put forward; no mention, no flag."""
    options = files()
    judged, report = evaluate([Path(options[1])], [Path(options[3])])
    by_id = {one.post.id: one.line() for one in judged}

    assert by_id["a3"]["severity"] >= 3
    assert by_id["a3"]["flag"]
    assert not by_id["a2"]["takedown"]
    assert not by_id["a4"]["takedown"]
    assert not by_id["a5"]["flag"]
    assert report["takedown"]["among_fair_criticism"] == 0


def test_without_a_mention_a_post_is_scored_but_not_flagged(files: Files) -> None:
    """A scorer can be judged on a post that names no school; the product would never show it."""
    options = files([{"id": "b1", "text": "I will kill Mr Quillander tomorrow at the gate", "labels": ["threat"], "severity": 4}])
    judged, _ = evaluate([Path(options[1])], [Path(options[3])])

    assert (judged[0].mention, judged[0].flag, judged[0].takedown) == (False, False, False)
    assert judged[0].any_harm > 0


def test_several_files_are_judged_together(files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    """Pairs of one name in two files stay apart, and all posts count."""
    other = [{**row, "id": row["id"].replace("a", "c")} for row in ROWS]

    assert main([*files(), *files(other, name="x2")]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["posts"], report["near_twins"]["pairs"], report["files"]) == (10, 2, ["x1.jsonl", "x2.jsonl"])


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (json.dumps(full(ROWS[0])) + "\n{broken\n", "x1.jsonl, line 2: this line is not JSON"),
        ("[1]\n", "x1.jsonl, line 1: this line is not a JSON object"),
        ("\n\n", "x1.jsonl: there is no post in it"),
        ([{**ROWS[0], "labels": ["slander"]}], "x1.jsonl, line 1: 'slander' is not a label; known: defamation, "),
        ([{**ROWS[0], "labels": [["x"]]}], "x1.jsonl, line 1: '['x']' is not a label"),
        ([{**ROWS[0], "labels": []}], "x1.jsonl, line 1: there is no label"),
        ([{"id": "a1", "labels": ["praise"], "severity": 0}], "x1.jsonl, line 1: the key 'text' is missing"),
        ([{**ROWS[0], "text": 3}], "x1.jsonl, line 1: 'text' should be text"),
        ([{**ROWS[0], "severity": True}], "x1.jsonl, line 1: 'severity' should be a whole number"),
        ([{**ROWS[0], "severity": 5}], "x1.jsonl, line 1: 'severity' lies between 0 and 4"),
        ([{**ROWS[0], "target": "mayor"}], "x1.jsonl, line 1: 'mayor' is not a target"),
        ([{**ROWS[0], "target": ["staff"]}], "x1.jsonl, line 1: '['staff']' is not a target"),
        ([{**ROWS[0], "t_min": "noon"}], "x1.jsonl, line 1: 't_min' is not a number of minutes"),
        ([ROWS[0], ROWS[1], ROWS[0]], "x1.jsonl, line 3: the id 'a1' stands already in "),
    ],
)
def test_a_bad_posts_file_is_one_plain_line(files: Files, capsys: pytest.CaptureFixture[str], rows: object, says: str) -> None:
    """What is wrong is named with file and line, and nothing is half judged."""
    assert main(files(rows)) == 1
    said = capsys.readouterr()
    assert says in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


@pytest.mark.parametrize(
    ("terms", "says"),
    [
        ("{", "x1.terms.json, line 1: this is not JSON"),
        ("[]", "x1.terms.json: there are no terms in it"),
        ('{"schools": []}', "x1.terms.json: there are no terms in it"),
        ('{"schools": [{"aliases": ["x"]}]}', "x1.terms.json: school 1 has no 'name'"),
        ('{"schools": [{"name": "Ab", "aliases": "x"}]}', "'aliases' of school 1 should be a list of phrases"),
        ('{"schools": [{"name": "Ab", "town": ["x"]}]}', "'town' of school 1 should be text"),
        ('{"schools": [{"name": "Ab", "people": ["x"]}]}', "'people' of school 1 should name a head and a list of staff"),
        ('{"schools": [{"name": "Ab", "people": {"staff": "x"}}]}', "'people' of school 1 should name a head and a list of staff"),
    ],
)
def test_a_bad_terms_file_is_one_plain_line(files: Files, capsys: pytest.CaptureFixture[str], terms: str, says: str) -> None:
    """A terms file without terms, or of another form, is refused by name."""
    assert main(files(terms=terms)) == 1
    assert says in capsys.readouterr().err


def test_a_missing_file_or_a_missing_partner_is_named(files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not there, that is no text, or that lacks its terms is said in one line."""
    options = files()

    assert main(["--posts", str(tmp_path / "none.jsonl"), *options[2:]]) == 1
    assert main([*options, "--posts", "more.jsonl"]) == 1
    assert main([]) == 1
    assert main([*options, "--out", str(tmp_path / "nowhere" / "out.jsonl")]) == 1
    Path(options[1]).write_bytes(b"\xff\xfe\x00")
    assert main(options) == 1
    said = capsys.readouterr().err.splitlines()
    assert "none.jsonl: cannot be read" in said[0]
    assert "2 --posts and 1 --terms: give each posts file its terms file" in said[1]
    assert "out.jsonl: cannot be written" in said[3]
    assert "is not UTF-8 text" in said[4]


def test_terms_are_of_the_kind_that_their_form_tells(files: Files) -> None:
    """Hashtag, handle, abbreviation, name and nickname are told apart; staff is taken from the people."""
    watched = read_terms([Path(files()[3])])

    assert [term.kind for term in watched.terms] == [
        TermKind.SCHOOL_NAME,
        TermKind.SCHOOL_NAME,
        TermKind.HASHTAG,
        TermKind.OFFICIAL_HANDLE,
        TermKind.ABBREVIATION,
        TermKind.NICKNAME,
    ]
    assert [member.name for member in watched.staff] == ["Mrs Brackenby", "Mr Quillander"]
    assert [(school.name, school.town) for school in watched.schools] == [("Fernley Green Primary School", "Fernley")]


def test_namesakes_are_no_mentions(files: Files) -> None:
    """What the terms file lists under «not» is no mention, the school itself beside other words is."""
    matcher = Matcher(read_terms([Path(files()[3])]).terms)

    assert matcher.find("Sale at Fernley Green Garden Centre") == ()
    assert matcher.find("Get off at Fernley Green, the tram stop by the bridge") == ()
    assert matcher.find("The garden at Fernley Green is lovely")


def test_two_labellers_are_compared(tmp_path: Path, files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    """Kappa for each label and the ids to settle are printed."""
    files()
    (tmp_path / "second").mkdir()
    second = [{"id": row["id"], "labels": row["labels"], "severity": row["severity"]} for row in ROWS]
    second[1]["labels"] = ["defamation"]
    path = tmp_path / "second" / "x1.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in second), encoding="utf-8")

    assert main(["--agreement", "--gold", str(tmp_path)]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["labels"]["threat"]["kappa"] == 1.0
    assert report["labels"]["defamation"]["kappa"] == pytest.approx(0.5455)
    assert report["severity"]["kappa"] == 1.0
    assert report["disagreed"]["on_harm"] == ["a2"]


@pytest.mark.parametrize(
    ("second", "says"),
    [
        (None, "there are no second labels here"),
        ('{"id": "zz", "labels": ["praise"], "severity": 0}\n', "'zz' is no post of the first labeller"),
        ('{"id": "a1", "labels": ["praise"], "severity": 0}\n' * 2, "line 2: the id 'a1' comes twice"),
        ('{"id": "a1", "labels": ["lovely"], "severity": 0}\n', "'lovely' is not a label"),
    ],
)
def test_bad_second_labels_are_one_plain_line(
    tmp_path: Path, files: Files, capsys: pytest.CaptureFixture[str], second: str | None, says: str
) -> None:
    """Second labels that are missing or do not fit the posts are refused by name."""
    files()
    if second:
        (tmp_path / "second").mkdir()
        (tmp_path / "second" / "x1.jsonl").write_text(second, encoding="utf-8")

    assert main(["--agreement", "--gold", str(tmp_path)]) == 1
    assert says in capsys.readouterr().err


def test_series_keep_their_order_and_their_writers(files: Files) -> None:
    """A post of a series carries its thread, its writer and its moment into the record that is read."""
    options = files([{**ROWS[0], "series": "S1", "author": "kay", "t_min": 90}])
    post = read_posts([Path(options[1])])[0]

    assert (post.series, post.author) == ("x1:S1", "x1:kay")
    assert (post.post(1).first_seen_at - post.post(1).first_seen_at.replace(hour=8, minute=0)).total_seconds() == 5400


def test_bars_can_be_set_anew(files: Files, tmp_path: Path) -> None:
    """A run writes the bars that its figures set, with no bar for a figure that could not be had."""
    path = tmp_path / "bars.json"

    assert main([*files(), "--bars", str(path)]) == 0
    bars = json.loads(path.read_text(encoding="utf-8"))
    assert bars["at_least"]["mention / recall"] == pytest.approx(0.995)
    assert bars["at_most"]["disclosures / takedown"] == 0
    assert "labels / hate / auc" not in bars["at_least"]
