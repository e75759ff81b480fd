"""How well the reader reads: `python -m nlp.evaluate --posts POSTS.jsonl --terms TERMS.json --out SCORES.jsonl`.

Reads labelled posts with the very pipeline and the very rule of suggestion that the product uses, writes one line of scores for each post
and prints figures as JSON. Both options may be repeated; the first terms file goes with the first posts file, and so on. Posts without a
mention are scored too, so that scorers can be judged on them, but are never flagged. With `--agreement` it prints how far two labellers
agree.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from data.errors import ReadingError
from data.model.posts import Post
from data.model.readings import CATEGORY_ORDER, SAFEGUARDING, Category, Mention, Reading
from data.model.suggestion import DEFAULT_RULES, TOLD, FlagRules, Suggestion, above, suggestion
from nlp import attacks, measures, series
from nlp.agreement import agreement
from nlp.bars import bars_of
from nlp.conversations import inherited
from nlp.draft import Draft
from nlp.labelled import HARM_CATEGORIES, HARMLESS_LABELS, LABELS, MOST_SEVERE, BadFileError, Labelled, read_posts, read_terms
from nlp.pipeline import Reader, Subject, open_reader
from nlp.threads import Said, hostile, pseudonym, targets_of

RECALL = 0.90
FALSE_ALARMS = (0.05, 0.10, 0.20)
GOLD = Path("tests/gold")
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Judged:
    """One labelled post with what the machine makes of it."""

    post: Labelled
    reading: Reading
    mention: bool
    suggested: Suggestion | None  # what would be suggested if the post were one of the school's
    any_harm: float
    scores: dict[Category, float]
    said: Said

    @property
    def flag(self) -> bool:
        """Whether a person is shown it: only what mentions a school is."""
        return self.mention and self.suggested is not None

    @property
    def takedown(self) -> bool:
        """Whether it is put forward for takedown."""
        return self.flag and self.suggested is not None and self.suggested.takedown

    @property
    def lead(self) -> Category:
        """The category that leads."""
        return self.suggested.lead if self.suggested else Category.NEUTRAL_MENTION

    @property
    def severity(self) -> int:
        """The severity that is suggested, 0 where nothing is."""
        return int(self.suggested.severity) if self.suggested else 0

    def line(self) -> dict[str, Any]:
        """Return the line of the scores file."""
        return {
            "id": self.post.id,
            "mention": self.mention,
            "flag": self.flag,
            "any_harm": round(self.any_harm, _DIGITS),
            "takedown": self.takedown,
            "lead_category": self.lead.value,
            "severity": self.severity,
            "scores": {category.value: round(value, _DIGITS) for category, value in self.scores.items()},
        }


def judge(posts: Sequence[Labelled], reader: Reader, rules: FlagRules = DEFAULT_RULES) -> tuple[Judged, ...]:
    """Return what the machine makes of each post."""
    about: dict[str, tuple[Mention, ...]] = {}  # each series' school, as its first post that names one tells
    subjects = reader.subjects([post.post(number) for number, post in enumerate(posts, start=1)])
    for place, post in sorted(enumerate(posts), key=lambda one: (one[1].t_min or 0, one[0])):
        subjects[place] = subjects[place].inheriting(about.get(post.series or "", ()))
        if post.series and subjects[place].mentions:
            about.setdefault(post.series, inherited(subjects[place].mentions, {}))
    drafts = reader.drafts([(subject.post, subject.mentions) for subject in subjects])
    readings = reader.read_subjects(subjects, _last([subject.post for subject in subjects]))
    return tuple(_judged(*one, reader, rules) for one in zip(posts, subjects, readings, drafts, strict=True))


def _last(posts: Iterable[Post]) -> datetime:
    """Return when all of the posts were there."""
    return max((post.first_seen_at for post in posts), default=datetime.min.replace(tzinfo=UTC))


def _judged(labelled: Labelled, subject: Subject, reading: Reading, draft: Draft, reader: Reader, rules: FlagRules) -> Judged:
    scores = best_scores(draft)
    as_ours = reading if reading.mentions else reading.model_copy(update={"scores": reader.kept(draft), "stop_cue": tuple(draft.stop_cue)})
    return Judged(
        post=labelled,
        reading=as_ours,
        mention=any(not mention.inherited for mention in reading.mentions),
        suggested=suggestion(as_ours, rules),
        any_harm=any_harm(draft),
        scores=scores,
        said=_said(labelled, subject.post, draft, hostile(draft)),
    )


def _said(labelled: Labelled, post: Post, draft: Draft, at_somebody: float) -> Said:
    """Return the post as the rules for threads see it; posts of one series are taken to be about one school."""
    return Said(
        post_id=post.id,
        school_id=labelled.source,
        author=pseudonym(labelled.author) if labelled.author else None,
        at=post.first_seen_at,
        thread=labelled.series,
        targets=targets_of(draft),
        hostile=at_somebody,
        text=draft.folded.text,
    )


def best_scores(draft: Draft) -> dict[Category, float]:
    """Return the highest score of each category that was scored, in the order of the taxonomy."""
    best: dict[Category, float] = {}
    for score in draft.scores:
        best[score.category] = max(score.value, best.get(score.category, 0.0))
    if draft.stop_cue:
        best[Category.CSAM] = max(1.0, best.get(Category.CSAM, 0.0))
    return dict(sorted(best.items(), key=lambda item: CATEGORY_ORDER.index(item[0])))


def any_harm(draft: Draft) -> float:
    """Return how likely the writer does harm: a component's own answer, else any of the harms, taken as independent."""
    if draft.any_harm is not None:
        return draft.any_harm
    doubt = 1.0
    for category, value in best_scores(draft).items():
        doubt *= 1 - value if category in HARM_CATEGORIES else 1.0
    return 1 - doubt


def figures(judged: Sequence[Judged], rules: FlagRules = DEFAULT_RULES) -> dict[str, Any]:
    """Return all figures of merit."""
    return {
        "posts": len(judged),
        "any_harm": _any_harm(judged),
        "at_recall_0.90": _at_recall(judged),
        "near_twins": _near_twins(judged),
        "labels": {label: _label(judged, label) for label in LABELS},
        "outcomes": {label: _outcome(judged, label) for label in HARMLESS_LABELS},
        "severity": _severity(judged),
        "takedown": _takedown(judged),
        "disclosures": _disclosures(judged, rules),
        "mention": _mention(judged),
        "series": series.report(judged),
    }


def _any_harm(judged: Sequence[Judged]) -> dict[str, Any]:
    scores, truth = [one.any_harm for one in judged], [one.post.is_harm for one in judged]
    return {
        "harmful": sum(truth),
        "auc": measures.auc(scores, truth),
        "ap": measures.average_precision(scores, truth),
        "recall_at_false_alarms": {f"{rate:.2f}": measures.recall_at_false_alarms(scores, truth, rate) for rate in FALSE_ALARMS},
        "ece": measures.calibration_error(scores, truth),
        "brier": measures.brier(scores, truth),
    }


def _threshold(judged: Sequence[Judged]) -> float | None:
    return measures.threshold_at_recall([one.any_harm for one in judged], [one.post.is_harm for one in judged], RECALL)


def _at_recall(judged: Sequence[Judged]) -> dict[str, Any]:
    """Return the share of harmless posts that would be flagged if nine tenths of the harm were caught."""
    threshold = _threshold(judged)
    harmless = [one for one in judged if not one.post.is_harm]
    kinds = {label: [one.any_harm for one in harmless if label in one.post.labels] for label in HARMLESS_LABELS}
    return {
        "threshold": threshold,
        "harmless": measures.share_flagged([one.any_harm for one in harmless], threshold),
        **{label: measures.share_flagged(scores, threshold) for label, scores in kinds.items()},
    }


def _near_twins(judged: Sequence[Judged]) -> dict[str, Any]:
    pairs = measures.near_twins([one.any_harm for one in judged], [one.post.is_harm for one in judged], [one.post.pair for one in judged])
    return {"pairs": pairs.count, "right": pairs.right}


def label_score(one: Judged, label: str) -> float:
    """Return how strongly the machine speaks for a label: the best of its categories."""
    return max((one.scores.get(category, 0.0) for category in LABELS[label]), default=0.0)


def _label(judged: Sequence[Judged], label: str) -> dict[str, Any]:
    scores, truth = [label_score(one, label) for one in judged], [label in one.post.labels for one in judged]
    among = [(score, is_it) for score, is_it, one in zip(scores, truth, judged, strict=True) if is_it or not one.post.is_harm]
    return {
        "posts": sum(truth),
        "auc": measures.auc(scores, truth),
        "ap": measures.average_precision(scores, truth),
        "auc_against_harmless": measures.auc([score for score, _ in among], [is_it for _, is_it in among]),
        "ece": measures.calibration_error(scores, truth),
    }


def _outcome(judged: Sequence[Judged], label: str) -> dict[str, Any]:
    mine = [one for one in judged if label in one.post.labels and not one.post.is_harm]
    harms = [one for one in mine if one.suggested and set(one.suggested.categories) & HARM_CATEGORIES]
    return {
        "posts": len(mine),
        "mean_any_harm": _mean([one.any_harm for one in mine]),
        "harm_suggested": len(harms),
        "takedown_suggested": sum(one.takedown for one in mine),
    }


def _severity(judged: Sequence[Judged]) -> dict[str, Any]:
    """Return how the gravest posts stand out from those where nothing is to do."""
    ends = [one for one in judged if one.post.severity in {0, MOST_SEVERE}]
    truth = [one.post.severity == MOST_SEVERE for one in ends]
    urgency = [one.severity + max(one.any_harm, *(one.scores.get(category, 0.0) for category in SAFEGUARDING)) / 2 for one in ends]
    return {
        "severity_4": sum(truth),
        "severity_0": len(truth) - sum(truth),
        "recall_4_by_any_harm": measures.recall_at_false_alarms([one.any_harm for one in ends], truth, 0.10),
        "recall_4_by_severity": measures.recall_at_false_alarms(urgency, truth, 0.10),
        "exact": _mean([float(one.severity == one.post.severity) for one in judged]),
        "weighted_kappa": measures.weighted_kappa([one.severity for one in judged], [one.post.severity for one in judged]),
    }


def _takedown(judged: Sequence[Judged]) -> dict[str, Any]:
    ours = [one for one in judged if one.mention]
    right = measures.found([one.takedown for one in ours], [one.post.is_harm and "disclosure" not in one.post.labels for one in ours])
    fair = [one for one in judged if "fair_criticism" in one.post.labels and not one.post.is_harm]
    return {
        "suggested": sum(one.takedown for one in judged),
        "precision": right.precision,
        "recall": right.recall,
        "among_fair_criticism": sum(one.takedown for one in fair),
        "among_harmless": sum(one.takedown for one in judged if not one.post.is_harm),
        "among_disclosures": sum(one.takedown for one in judged if "disclosure" in one.post.labels),
    }


def _disclosures(judged: Sequence[Judged], rules: FlagRules) -> dict[str, Any]:
    told = [one for one in judged if "disclosure" in one.post.labels]
    ours = [one for one in told if one.mention]
    return {
        "posts": len(told),
        "mentioned": len(ours),
        "flagged": sum(one.flag for one in ours),
        "flagged_as_safeguarding": sum(one.flag and one.lead in SAFEGUARDING for one in ours),
        "vetoed": sum(_is_vetoed(one, rules) for one in told),
        "takedown": sum(one.takedown for one in told),
    }


def _is_vetoed(one: Judged, rules: FlagRules) -> bool:
    """Whether a telling of harm reached its threshold and yet is not among what is suggested."""
    reached = {score.category for score in above(one.reading, rules)} & TOLD
    return bool(reached - set(one.suggested.categories if one.suggested else ()))


def _mention(judged: Sequence[Judged]) -> dict[str, Any]:
    right = measures.found([one.mention for one in judged], [one.post.mentions_school for one in judged])
    return {"precision": right.precision, "recall": right.recall, "found": sum(one.mention for one in judged)}


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def evaluate(posts: Sequence[Path], terms: Sequence[Path], config: Path | None = None) -> tuple[tuple[Judged, ...], dict[str, Any]]:
    """Judge the posts of all files and return them with the figures.

    Raises:
        BadFileError: a file cannot be used; says which, where and why.
    """
    labelled, watched = read_posts(posts), read_terms(terms)
    reader = open_reader(watched.terms, watched.staff, config, schools=watched.schools)
    judged = judge(labelled, reader)
    report = {"pipeline": reader.version, "files": [path.name for path in posts], **figures(judged), "speed": _speed(labelled, reader)}
    return judged, report


def _speed(posts: Sequence[Labelled], reader: Reader) -> dict[str, Any]:
    """Return how many posts are read in a second of one processor, with the pipeline warm."""
    ready = [labelled.post(number) for number, labelled in enumerate(posts, start=1)]
    mentioned = [post for post in ready if reader.matcher.find(post.text)]
    return {"posts_a_second": _rate(ready, reader), "mentioned_posts_a_second": _rate(mentioned, reader)}


def _rate(posts: Sequence[Post], reader: Reader) -> float | None:
    begun = time.process_time()
    reader.read_many(posts, _last(posts))
    spent = time.process_time() - begun
    return len(posts) / spent if posts and spent else None


def rounded(value: Any) -> Any:
    """Return a report with its numbers rounded for reading."""
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    return round(value, _DIGITS) if isinstance(value, float) else value


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, or 1 with one plain line on the error stream when a file cannot be used."""
    asked = _parser().parse_args(arguments)
    try:
        report = _report(asked)
    except (ReadingError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(json.dumps(rounded(report), indent=2, ensure_ascii=False) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m nlp.evaluate", description="Judge the reader on labelled posts.")
    parser.add_argument("--posts", type=Path, action="append", default=[], help="labelled posts, one JSON object a line; repeatable")
    parser.add_argument(
        "--terms", type=Path, action="append", default=[], help="terms file of the posts file in the same place; repeatable"
    )
    parser.add_argument("--out", type=Path, help="where to write one line of scores for each post")
    parser.add_argument("--config", type=Path, help="another pipeline.cfg")
    parser.add_argument("--bars", type=Path, help="where to write the bars that these figures set (see tests/gold/README.md)")
    parser.add_argument("--agreement", action="store_true", help="print how far two labellers agree, and nothing else")
    parser.add_argument("--attacks", action="store_true", help="print what hiding words costs, over --posts or the judging posts")
    parser.add_argument("--gold", type=Path, default=GOLD, help="where the judging posts and their second labels are")
    return parser


def _run(asked: argparse.Namespace) -> dict[str, Any]:
    if not asked.posts or len(asked.posts) != len(asked.terms):
        says = f"{len(asked.posts)} --posts and {len(asked.terms)} --terms: give each posts file its terms file"
        raise ReadingError(says)
    judged, report = evaluate(asked.posts, asked.terms, asked.config)
    if asked.out:
        _write(asked.out, "".join(json.dumps(one.line(), ensure_ascii=False) + "\n" for one in judged))
    if asked.bars:
        _write(asked.bars, json.dumps(bars_of(report), indent=1) + "\n")
    return report


def _report(asked: argparse.Namespace) -> dict[str, Any]:
    if asked.agreement:
        return agreement(asked.gold)
    return _attacked(asked) if asked.attacks else _run(asked)


def _attacked(asked: argparse.Namespace) -> dict[str, Any]:
    posts = asked.posts or sorted(asked.gold.glob("g*.jsonl"))
    watched = read_terms(asked.terms or [path.with_name(f"{path.stem}.terms.json") for path in posts])
    reader = open_reader(watched.terms, watched.staff, asked.config, schools=watched.schools)
    return attacks.report(read_posts(posts), reader.matcher, lambda struck: judge(struck, reader))


def _write(path: Path, content: str) -> None:
    try:
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise BadFileError(path, None, f"cannot be written ({error.strerror})") from error


if __name__ == "__main__":
    sys.exit(main())
