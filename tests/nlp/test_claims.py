"""Claims: who is said to have done what to whom, and how it is said; both ways for every mark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from spacy.lang.en import English

from data.model.readings import Category, Head
from data.model.watch import StaffMember
from nlp.acts import acts, inflected, read_acts
from nlp.claims import MOST, Claim, Marks, Scene, Word, claims_in
from nlp.components import claims as component
from nlp.draft import Draft, Rated, Reason, attach
from nlp.errors import ModelMismatchError, ModelMissingError
from nlp.normal import Folded
from nlp.people import People
from nlp.pipeline import Reader

STAFF = ("Mr Quillander", "Mrs Brackenby")
Read = Callable[[str], Draft]
C = Category


def in_sentences() -> English:
    """Return what cuts a text into sentences."""
    language = English()
    language.add_pipe("sentencizer")
    return language


@pytest.fixture(scope="module")
def read(rules_reader: Reader) -> Read:
    """Return what puts the claims of a text on a draft."""
    language = in_sentences()
    people = People([StaffMember(id=name, school_id="fgps", name=name) for name in STAFF])

    def claims_of(text: str) -> Draft:
        folded = Folded.of(text)
        draft = Draft(folded, people.find(folded, ("fgps",)), rules_reader.matcher.find(text))
        component.find([attach(language(text), draft)])
        return draft

    return claims_of


def told(draft: Draft) -> set[str]:
    """Return each claim in one line."""
    return {f"{one.stance} {one.actor} {one.act}" + (f" {one.patient}" if one.patient else "") for one in draft.claims}


SAID = (
    # stated as a fact, the doer first or last, named, by role or by a pronoun
    ("Mr Quillander stole the trip money from Fernley Green.", "asserted staff theft_fraud"),
    ("The trip money was stolen by Mr Quillander, Fernley Green.", "asserted staff theft_fraud"),
    ("mr quillander nicked the pta money at fernley and everyone knows it", "asserted staff theft_fraud"),
    ("MR QUILLANDER STOLE THE TRIP MONEY FERNLEY GREEN", "asserted staff theft_fraud"),
    ("Mrs Brackenby has been pocketing the raffle cash at Fernley Green", "asserted staff theft_fraud"),
    ("Mr Quillander helped himself to the PTA tin, Fernley Green", "asserted staff theft_fraud"),
    ("It was Mr Quillander who took the raffle money at Fernley Green", "asserted staff theft_fraud"),
    ("Mr Quillander got caught stealing from the till at Fernley Green", "asserted staff theft_fraud"),
    ("Mr Quillander at Fernley Green. He steals from the kids.", "asserted staff theft_fraud"),
    ("He lied about the SATs. Mr Quillander at Fernley Green should be ashamed", "asserted staff dishonesty"),
    ("Mr Quillander is a thief, Fernley Green", "asserted staff theft_fraud"),
    ("that thief mr quillander at fernley green", "asserted staff theft_fraud"),
    ("mrs brackenby is a liar and a bully fernley green", "asserted staff bullying"),
    ("hes a nonce that mr quillander at fernley", "asserted staff sexual_misconduct"),
    ("Mr Quillander has been sleeping with a sixth former, Fernley Green", "asserted staff sexual_misconduct pupil"),
    ("Mr Quillander texted my daughter at midnight. Fernley Green knows", "asserted staff sexual_misconduct pupil"),
    ("Mr Quillander hit my son in PE at Fernley Green", "asserted staff violence pupil"),
    ("My son was hit by Mr Quillander at Fernley Green", "asserted staff violence pupil"),
    ("my lad says mr quillander grabbed him by the arm in pe at fernley", "asserted staff violence pupil"),
    ("my daughter got pushed by a ta at fernley green", "asserted staff violence pupil"),
    ("The teacher who hit my daughter still works at Fernley Green", "asserted staff violence pupil"),
    ("Fernley Green teacher slapped a pupil", "asserted staff violence pupil"),
    ("Mrs Brackenby covered it up at Fernley Green", "asserted staff dishonesty"),
    ("Mr Quillander lied to parents and fiddled the SATs at Fernley Green", "asserted staff dishonesty other"),
    ("Mr Quillander turned up drunk to Fernley Green", "asserted staff drink_drugs"),
    ("Mrs Brackenby stinks of gin every morning at Fernley Green", "asserted staff drink_drugs"),
    ("Mr Quillander left the class unsupervised at Fernley Green", "asserted staff neglect pupil"),
    ("Mr Quillander of Fernley Green is guilty of theft", "asserted staff theft_fraud"),
    ("I can't believe Mr Quillander stole the money, Fernley Green", "asserted staff theft_fraud"),
    # the one it was done to is not the one who did it
    ("Mr Quillander was punched by a parent outside Fernley Green", "asserted other violence staff"),
    ("Mr Quillander was punched and kicked by year 11s at Fernley Green", "asserted pupil violence staff"),
    ("A parent threatened Mrs Brackenby at the gates of Fernley Green", "asserted other bullying staff"),
    ("Mr Quillander's wife stole the money, Fernley Green", "asserted other theft_fraud"),
    # a school, and matters of the post
    ("Fernley Green covered it up", "asserted school dishonesty"),
    ("Mr Quillander was sacked from Fernley Green", "asserted unknown personnel staff"),
    ("A teacher at Fernley Green has been suspended", "asserted unknown personnel staff"),
    ("Mr Quillander resigned from Fernley Green on Friday", "asserted staff personnel"),
    ("Mr Quillander was sacked from Fernley Green for stealing", "asserted staff theft_fraud"),
    # rumour and opinion leave a fact a fact; a judgement is another thing
    ("Allegedly Mr Quillander stole the trip money, Fernley Green", "asserted staff theft_fraud"),
    ("In my opinion Mr Quillander stole the trip money, Fernley Green", "asserted staff theft_fraud"),
    ("I heard that Mrs Brackenby was drunk in class at Fernley Green", "asserted staff drink_drugs"),
    ("Mrs Brackenby at Fernley Green has been accused of fraud", "asserted staff theft_fraud"),
    ("I think Mrs Brackenby is useless, Fernley Green", "opinion staff incompetence"),
    ("Mrs Brackenby is useless, Fernley Green", "asserted staff incompetence"),
    # denied
    ("Mr Quillander did not steal the money from Fernley Green", "negated staff theft_fraud"),
    ("Mr Quillander is not a thief, Fernley Green", "negated staff theft_fraud"),
    ("Mr Quillander denies stealing the trip money from Fernley Green", "negated staff theft_fraud"),
    ("Mr Quillander was cleared of theft at Fernley Green", "negated staff theft_fraud"),
    ("It is not true that Mr Quillander hit a pupil at Fernley Green", "negated staff violence pupil"),
    ("I don't think Mr Quillander stole the money, Fernley Green", "negated staff theft_fraud"),
    ("Mr Quillander would never hit a child, Fernley Green", "negated staff violence pupil"),
    # asked
    ("Did Mr Quillander steal the trip money at Fernley Green?", "question staff theft_fraud"),
    ("Does anyone know if Mrs Brackenby stole from the PTA at Fernley Green", "question staff theft_fraud"),
    ("Wondering if Mr Quillander lied to us, Fernley Green", "question staff dishonesty writer"),
    # reported
    ("The court heard that Mr Quillander stole £4,000 from Fernley Green", "report staff theft_fraud"),
    ("According to the court Mr Quillander stole 4,000 pounds from Fernley Green", "report staff theft_fraud"),
    ("Mr Quillander was jailed for stealing from Fernley Green", "report staff theft_fraud"),
    ("The police have charged Mr Quillander of Fernley Green with assault", "report staff violence"),
    ("Whoever is saying Mr Quillander stole the money at Fernley Green should be ashamed", "report staff theft_fraud"),
    # put back: earlier weights misread some of these
    ("A Year 9 boy punched Mr Quillander at Fernley Green yesterday", "asserted pupil violence staff"),
    ("Mr Quillander, who stole the trip money, still works at Fernley Green", "asserted staff theft_fraud"),
    ("Mr Quillander never touched a child at Fernley Green", "negated staff sexual_misconduct pupil"),
    ("There is no evidence that Mr Quillander stole the money from Fernley Green", "negated staff theft_fraud"),
    ("Two boys from Fernley Green stole Mr Quillander's car", "asserted pupil theft_fraud"),
    # only supposed, or not in earnest
    ("Mr Quillander might steal the trip money, Fernley Green", "hypothetical staff theft_fraud"),
    ("Mr Quillander is going to hit a pupil soon, Fernley Green", "hypothetical staff violence pupil"),
    ("yeah right, mr quillander never stole the trip money fernley green", "sarcasm staff theft_fraud"),
)
NOT_SAID = (
    "Mr Quillander stole the show at the Fernley Green panto",
    "Mr Quillander played a thief in the Fernley Green panto",
    "Fernley beat Ashcombe 5-0, robbed of a penalty",
    "Mr Quillander hit a six for the Fernley Green staff cricket team",
    "Mr Quillander beat the pupils at chess at Fernley Green",
    "Mrs Brackenby took the class to the zoo, Fernley Green",
    "Mrs Brackenby texted parents about the trip, Fernley Green",
    "Thank you Fernley Green for the anti-bullying assembly",
    "Who stole the money at Fernley Green? Mr Quillander did",
    "Someone stole Mr Quillander's bike from Fernley Green",
    "Mr Quillander pushed the kids to do well at Fernley Green",
    "Mrs Brackenby runs the Fernley Green fiddle club and the steel band",
    "Loved the murder mystery night at Fernley Green, thanks Mrs Brackenby",
    "Mr Quillander touched on safeguarding in the Fernley Green newsletter",
    "Fire drill at Fernley Green on Friday says Mr Quillander",
    "Mrs Brackenby spent her own money on books for Fernley Green",
)


def test_what_is_said_is_read(read: Read) -> None:
    """Doer, act, sufferer and manner are those of the sentence in nearly all: each training of the parser errs elsewhere."""
    misread = [text for text, expected in SAID if expected not in told(read(text))]

    assert len(misread) <= 0.08 * len(SAID), misread


def test_no_denial_question_or_report_becomes_a_claim_of_fact(read: Read) -> None:
    """Where the manner is missed nothing is said at all: no sentence that denies, asks or reports is told as a fact."""
    softened = [(text, told(read(text))) for text, expected in SAID if expected.split()[0] in ("negated", "question", "report")]

    assert [text for text, claims in softened if any(claim.startswith("asserted staff") for claim in claims)] == []


@pytest.mark.parametrize("text", NOT_SAID)
def test_the_same_words_in_another_sense_say_nothing(read: Read, text: str) -> None:
    """Sport, plays, clubs, everyday business and questions without a name are no claim of a grave act by staff."""
    assert not [one for one in read(text).claims if one.is_grave]


def test_enough_sentences() -> None:
    """The rules are tried on sixty sentences at least."""
    assert len(SAID) + len(NOT_SAID) >= 60


def test_the_span_is_the_act(read: Read) -> None:
    """The characters of a claim are the words for the act, in the plain text."""
    draft = read("Honestly… Mr Quillander “nicked” the trip money, Fernley Green")

    (claim,) = draft.claims
    assert draft.folded.text[slice(*claim.act_span)] == "nicked"
    span = draft.span(*claim.act_span, claim.why())
    assert draft.folded.original[span.start : span.end] == "nicked"


def test_a_reason_in_plain_words(read: Read) -> None:
    """A reason says what is said and how, never whether it is true or lawful."""
    (fact,) = read("Mr Quillander stole the trip money from Fernley Green.").claims
    (heard,) = read("Allegedly Mr Quillander stole the trip money, Fernley Green").claims
    (sacked,) = read("Mr Quillander was sacked from Fernley Green").claims

    assert fact.why() == "says, as a fact, that a member of staff took money or things that were not theirs"
    assert heard.why() == "passes on, as told or heard, that a member of staff took money or things that were not theirs"
    assert sacked.why() == "says, as a fact, that a member of staff was sacked, suspended or made to leave"
    for name in acts().acts:
        for actor in ("staff", "pupil", "unknown"):
            why = Claim(actor, name, (0, 1), "pupil").why()
            assert "{" not in why
            assert "defam" not in why


def test_a_claim_is_the_first_reason_of_what_it_bears_on(read: Read) -> None:
    """An accusation and a telling of harm each get the claims that they rest on; a low score, and any other, gets none."""
    draft = read("My son was hit by Mr Quillander at Fernley Green. He stole the trip money too.")
    words = Reason(0, 2, "words")
    for category, value in ((C.DEFAMATION_INDIVIDUAL, 0.9), (C.SAFEGUARDING_DISCLOSURE, 0.9), (C.HARASSMENT_STAFF, 0.9), (C.PRAISE, 0.1)):
        draft.scores.append(Rated(Head.DEFAMATION, category, value, "test.v1", (words,)))
    component.read([attach(in_sentences()(draft.folded.original), draft)])
    reasons = {score.category: [span.why for span in score.spans] for score in draft.scores}

    hurt, took = "that a member of staff hit, grabbed or hurt a pupil", "that a member of staff took money or things that were not theirs"
    assert reasons[C.DEFAMATION_INDIVIDUAL] == [f"says, as a fact, {hurt}", f"says, as a fact, {took}", "words"]
    assert reasons[C.SAFEGUARDING_DISCLOSURE] == [f"says, as a fact, {hurt}", "words"]
    assert reasons[C.HARASSMENT_STAFF] == reasons[C.PRAISE] == ["words"]


def test_the_parser_waits_until_a_score_asks(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is accused or told, nothing is parsed."""
    draft = read("Mr Quillander stole the trip money from Fernley Green.")
    draft.scores = [Rated(Head.DEFAMATION, C.DEFAMATION_INDIVIDUAL, component.ASKED - 0.01, "test.v1")]
    monkeypatch.setattr(component, "find", lambda _: pytest.fail("parsed"))

    component.read([attach(in_sentences()(draft.folded.original), draft)])
    assert draft.scores[0].spans == ()


@pytest.mark.parametrize(
    "text", ["", "🙂", "\x00" * 20, "stole " * 4000, "Mr Quillander stole it. " * 500, "ste\u200bal \u202estole " * 50]
)
def test_any_text_is_read(read: Read, text: str) -> None:
    """Hostile text costs little and never breaks the reading."""
    assert len(read(f"{text} Fernley Green").claims) <= MOST


def test_a_disguised_name_of_an_act_is_parsed_in_plain(read: Read) -> None:
    """Look-alike letters hide neither the act nor its doer."""
    assert "asserted staff theft_fraud" in told(read("Mr Quillander st\u043ele the trip money, Fernley Green"))


def test_a_post_without_an_act_is_not_parsed(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most posts never reach the parser."""
    asked: list[object] = []
    monkeypatch.setattr(component, "_parser", lambda: asked.append(None))
    read("Lovely nativity at Fernley Green today, thank you Mrs Brackenby")

    assert not asked


def test_without_the_parser_the_reading_says_so(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing model is a fault of the reading, never a silent nothing."""
    monkeypatch.setattr(component, "_parser", lambda: "read in part, without claims: no weights")
    draft = read("Mr Quillander stole the trip money from Fernley Green.")

    assert draft.faults == ["read in part, without claims: no weights"]
    assert not draft.claims


def test_the_rules_need_no_parser() -> None:
    """The rules work on any tree."""
    words = [Word("he", "PRP", "nsubj", 1, 0, 2), Word("stole", "VBD", "ROOT", 1, 3, 8), Word("it", "PRP", "obj", 1, 9, 11)]
    scene = Scene("he stole it said mr q", people=((17, 21),))
    (claim,) = claims_in(words, acts().find("he stole it"), scene, Marks(question=True))

    assert (claim.actor, claim.act, claim.stance) == ("staff", "theft_fraud", "question")


def test_verbs_are_bent() -> None:
    """A verb is found in all its forms."""
    assert inflected("rob") == ("rob", "robs", "robbing", "robbed")
    assert inflected("steal/stole/stolen") == ("steal", "steals", "stealing", "stole", "stolen")
    assert inflected("bully") == ("bully", "bullies", "bullying", "bullied")
    assert inflected("lie/lied/lied") == ("lie", "lies", "lying", "lied")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (None, ModelMissingError),
        ("= nothing", ModelMismatchError),
        ("about = 'a'", ModelMismatchError),
        ("about = 'a'\nsource = 's'\nlicence = 'l'\ndate = 2026-11-21\nacts = 3", ModelMismatchError),
    ],
)
def test_a_bad_list_is_named(tmp_path: Path, text: str | None, fault: type[Exception]) -> None:
    """A list that is missing or is something else is a clear error."""
    path = tmp_path / "acts.toml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(fault, match=r"acts\.toml"):
        read_acts(path)
