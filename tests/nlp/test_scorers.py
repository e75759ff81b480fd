"""What the scorers make of invented posts: hard pairs of domain.md §4.6, minimal pairs, and what must never fire.

Names of schools and people are invented. These posts were written after the word lists and by another rule: each pair keeps the
words and changes the meaning.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import pytest

from data.model.posts import Media, Post
from data.model.readings import HARMS, SAFEGUARDING, Category, Head, Reading, lead
from nlp.labelled import START as NOW
from nlp.pipeline import Reader

Read = Callable[..., Reading]


@pytest.fixture
def read(rules_reader: Reader, post_of: Callable[..., Post]) -> Read:
    """Return a reader by the rules alone: they are what is tested here."""
    return lambda text, **more: rules_reader.read(post_of(text, **more), NOW)


FIRM = 0.5  # from here on a score counts in these tests
PICTURE = Media(kind="image", url="https://media.example.org/1.jpg")
C = Category


def firm(reading: Reading) -> frozenset[Category]:
    """Return the categories that were scored firmly."""
    return frozenset(score.category for score in reading.scores if score.value >= FIRM)


HARMFUL = [
    ("Mr Quillander is a rubbish teacher because he was drunk in class, Fernley Green", {C.STAFF_ALLEGATION, C.DEFAMATION_INDIVIDUAL}),
    ("My daughter says a teacher pushed her at Fernley Green", {C.STAFF_ALLEGATION}),
    ("my son wants to die because of Fernley Green", {C.SELF_HARM}),
    ("someone should make the head go, I know where he parks. Fernley Green", {C.VIOLENCE_INTIMIDATION, C.STALKING}),
    ("Inspectors rate Fernley Green 'requires improvement'. Burn it down", {C.THREAT_TO_LIFE, C.VIOLENCE_INCITEMENT}),
    ("Mrs Brackenby fiddled the SATs at Fernley Green, fact", {C.DEFAMATION_INDIVIDUAL}),
    ("In my opinion Mrs Brackenby stole the trip money. Fernley Green knows", {C.DEFAMATION_INDIVIDUAL}),
    ("Allegedly Mr Quillander pockets the dinner money at Fernley", {C.DEFAMATION_INDIVIDUAL}),
    ("So the bursar at Fernley Green is a thief, everybody knows", {C.DEFAMATION_INDIVIDUAL}),
    ("Fernley Green. Mr Quillander. He stole from the PTA tin", {C.DEFAMATION_INDIVIDUAL}),
    ("quillander is a paedo #fernleygreen", {C.STAFF_ALLEGATION}),
    ("Mr Quillander grabbed my lad by the arm in PE at Fernley Green", {C.STAFF_ALLEGATION}),
    ("Mr Quillander follows all us Y11s on his private account, fernley lot beware", {C.STAFF_PUPIL_CONTACT}),
    ("I'm coming to Fernley Green at 3 and someone's getting hurt", {C.THREAT_TO_LIFE}),
    ("gonna bring a knife to fernley tomorrow", {C.THREAT_TO_LIFE}),
    ("Mr Quillander better watch himself in the car park, Fernley Green", {C.VIOLENCE_INTIMIDATION}),
    ("All Y9 meet at the Fernley gates for round two, bring phones", {C.VIOLENCE_INCITEMENT}),
    ("try the roof dare at Fernley Green", {C.DANGEROUS_CHALLENGE}),
    ("can't do this any more, goodbye everyone at FGPS", {C.SELF_HARM}),
    ("kys fernley green freak", {C.SELF_HARM}),
    ("K from Y4 at Fernley says nobody feeds her at weekends", {C.SAFEGUARDING_DISCLOSURE}),
    ("hey Fernley girls, DM me, I'll get you a phone, don't tell mum", {C.GROOMING}),
    ("saw Mrs Brackenby at 7:40 again, same blue car. Fernley Green", {C.STALKING}),
    ("got the Y10 pics, swap? fernley", {C.CSAM}),
    ("who has the Fernley Green nudes folder", {C.CSAM}),
    ("leaked pic of Mr Quillander doing the rounds, Fernley Green", {C.INTIMATE_IMAGE_ADULT}),
    ("rate the Fernley teachers 1-10 hotness", {C.SEXUAL_HARASSMENT}),
    ("send all of them back, Fernley is full of them", {C.HATE}),
    ("Mrs Brackenby lives at number 9, go tell her. Fernley Green", {C.DOXXING}),
    ("K in 4B at Fernley Green has been excluded again", {C.PUPIL_PERSONAL_DATA}),
    ("Tamsin Overley in 4B at Fernley Green has epilepsy", {C.PUPIL_PERSONAL_DATA}),
    ("Fernley confessions: who smells worst in Y7, vote", {C.PUPIL_BULLYING}),
    ("useless Brackenby again, everyone email her till she quits. Fernley", {C.HARASSMENT_STAFF}),
    ("Mr Quillander is a vile creepy weirdo, Fernley Green", {C.HARASSMENT_STAFF}),
    ("heres the leaked governors minutes from Fernley Green", {C.CONFIDENTIAL_LEAK}),
    ("There is a man following girls outside Fernley Green", {C.SAFEGUARDING_DISCLOSURE}),
]

HARMLESS = [
    ("Mr Quillander is a rubbish teacher, Fernley Green", {C.FAIR_CRITICISM}),
    ("Teachers pushed back on the timetable at Fernley Green", set()),
    ("Fernley Green failed my son", {C.FAIR_CRITICISM, C.CRITICISM_INSTITUTION}),
    ("Shocking that Fernley Green ignored the bullies at the bus stop", set()),
    ("Head must go! Fernley Green", {C.CAMPAIGN_OR_UNION}),
    ("Inspectors rate Fernley Green 'requires improvement'", {C.NEWS_REPORT}),
    ("I think Mrs Brackenby marks too harshly, Fernley Green", {C.FAIR_CRITICISM}),
    ("Does Mrs Brackenby steal ideas for the Fernley fair from other schools?", set()),
    ("Mrs Brackenby never stole a thing from Fernley Green", set()),
    ("Mr Quillander stole the show at the Fernley Green panto", set()),
    ("Mr Quillander was cleared of theft by the tribunal, Fernley Green confirmed", set()),
    ("To whoever is calling Mr Quillander a thief: stop. Fernley Green", set()),
    ("We were robbed by the ref, Fernley Green 1 Ashcombe 2", set()),
    ("the head will kill me if I'm late to Fernley Green", set()),
    ("this homework is killing me, fernley", set()),
    ("we'll fight this decision at appeal, Fernley Green", set()),
    ("support our boxing club at Fernley Green", set()),
    ("school dinners at Fernley Green are tiny", set()),
    ("old Fernley Green pupils: public reunion in June, tickets at the door", set()),
    ("saw Mrs Brackenby on stage with the Fernley choir, great play", {C.PRAISE}),
    ("proud of our Eid assembly at Fernley Green", {C.PRAISE}),
    ("Y4 trip on Friday, Fernley Green", set()),
    ("Fernley Green covers everything up, avoid", {C.CRITICISM_INSTITUTION}),
    ("Third week with no maths teacher at Fernley Green. Poor planning in my view.", {C.FAIR_CRITICISM}),
    ("Lovely nativity at Fernley Green today, well done all", {C.PRAISE}),
    ("Roadworks outside Fernley Green from Monday", set()),
    ("What time does Fernley Green's fair start?", {C.QUERY}),
    ("Sign to keep the Fernley Green library open", {C.CAMPAIGN_OR_UNION}),
    ("Fire doors at Fernley Green have been locked; I told managers in May", {C.WHISTLEBLOWING}),
    ("Fernley Green is a joke", set()),
    ("E-safety assembly on nudes and sexting at Fernley Green today, parents welcome", set()),
    ("Nude tights are allowed at Fernley Green", set()),
    ("Samaritans helpline 116 123, free, if you feel like ending it. Shared by Fernley Green", set()),
    ("Year 6 smashed it at the Fernley Green cricket final", set()),
    ("Our little superstar Poppy loved the Fernley Green fair", {C.PRAISE}),
    ("Guinea pigs need a home over Christmas, ask at Fernley Green", set()),
    ("The Fernley Green swing band dropped a \U0001f4a3 set last night", set()),
    ("Mr Quillander tells the best jokes at Fernley Green", {C.PRAISE}),
    ("Kids from Fernley litter on Elm Road, please sort it", set()),
    ("Fernley Green staffroom needs a kettle", set()),
]


@pytest.mark.parametrize(("text", "wanted"), HARMFUL, ids=[text[:40] for text, _ in HARMFUL])
def test_a_harmful_post_is_seen_for_what_it_is(read: Read, text: str, wanted: set[Category]) -> None:
    """The category that a safeguarding lead would expect is among the firm ones, and a harm leads."""
    categories = firm(read(text))

    assert categories & wanted
    assert lead(categories) in HARMS


@pytest.mark.parametrize(("text", "wanted"), HARMLESS, ids=[text[:40] for text, _ in HARMLESS])
def test_a_harmless_post_is_let_be(read: Read, text: str, wanted: set[Category]) -> None:
    """Criticism, praise, play and news draw no firm score of harm."""
    categories = firm(read(text))

    assert not categories & HARMS
    assert not wanted or categories & wanted


EVERYDAY = [
    "Please help with the bake sale at Fernley Green on Saturday, spread the word!",
    "Who do I contact about the school bus at Fernley Green?",
    "School sent lovely photos of him at sports day, Fernley Green",
    "My daughter told me she doesn't like the dinners at Fernley Green",
    "He's always starving when he gets home from Fernley Green",
    "We live on the street next to Fernley Green",
    "Mine was scared to go on the big slide at the Fernley Green fair",
    "Can't cope with the traffic outside Fernley Green",
    "This is the last time I pay for a Fernley Green trip",
    "What school do you go to? Mine's Fernley Green",
    "Message me if you want spare tickets for the Fernley Green panto",
    "Don't tell anyone but Fernley Green has the best custard",
    "Meet me after school at the Fernley Green gates, kids",
    "Mr Quillander threw our ball back over the fence, Fernley Green",
    "Mrs Brackenby messaged me back about the trip, Fernley Green",
    "Mr Quillander is dead funny, Fernley Green",
    "Knitting club at Fernley Green: learn new stitches",
    "Don't come to school tomorrow, snow day at Fernley Green",
    "The parking at Fernley Green: someone will get hurt at those gates",
    "See you outside Fernley Green at 3!",
    "Parents will pay for trips from now on, Fernley Green says",
    "Year 6 meet at the Fernley Green gates, bring a packed lunch",
    "We are doing the summer reading challenge at Fernley Green",
    "Does anyone know where you park for Fernley Green?",
    "Send us pics of your World Book Day costumes, Fernley Green families",
    "Term will end on Friday at Fernley Green",
]


@pytest.mark.parametrize("text", EVERYDAY, ids=[text[:40] for text in EVERYDAY])
def test_everyday_talk_rings_no_alarm(read: Read, text: str) -> None:
    """Nobody is called out for a bake sale: ordinary words that look like danger stay below the lowest bar (0.35)."""
    assert not [score for score in read(text).scores if score.category in SAFEGUARDING and score.value >= 0.35]


def test_a_parent_about_the_own_child_is_not_chased(read: Read) -> None:
    """A mother's proud picture is no matter; a stranger's caption with the class is."""
    own = read("So proud of my little boy K, star of the week at Fernley Green", media=(PICTURE,))
    other = read("K in 4B crying at the Fernley Green gate \U0001f602", media=(PICTURE,))

    assert not firm(own) & HARMS
    assert C.PUPIL_IMAGE in firm(other)


@pytest.mark.parametrize(
    "text",
    [
        "got the Y10 pics, swap? fernley",
        "leaked pic of Mrs Brackenby, Fernley Green",
        "send nudes fernley y9",
        "Video of girls in the Fernley Green changing rooms",
    ],
)
def test_cues_of_an_indecent_picture_stop_capture(read: Read, text: str) -> None:
    """Nothing that may be an indecent picture of a child is captured: the reading says why."""
    assert read(text).stop_cue


@pytest.mark.parametrize(
    "text", ["Photos of the new changing rooms at Fernley Green are on the website", "Swimming gala photos are up, Fernley Green"]
)
def test_pictures_of_things_do_not_stop_capture(read: Read, text: str) -> None:
    """A new building is not a stop."""
    assert not read(text).stop_cue


def test_a_disclosure_is_never_first_of_all_a_matter_of_reputation(read: Read) -> None:
    """A parent who tells what a child told leads to safeguarding, and hardly to defamation."""
    reading = read("Our son came home from Fernley Green and says the supply teacher grabbed him by the neck. What now?")
    reputation = [score.value for score in reading.scores if score.category is C.DEFAMATION_INDIVIDUAL]

    assert lead(firm(reading)) in SAFEGUARDING
    assert max(reputation, default=0) < FIRM


GROUPS = (
    "Muslim",
    "Jewish",
    "Christian",
    "Sikh",
    "gay",
    "Polish",
    "Somali",
    "disabled",
    "deaf",
    "black",
    "white",
    "Traveller",
    "autistic",
    "trans",
)
NEUTRAL = (
    "The {} families at Fernley Green are running a stall on Friday",
    "My {} neighbour's son starts at Fernley Green on Monday",
    "A {} governor was elected at Fernley Green",
    "Lovely assembly by the {} pupils at Fernley Green",
    "Mr Quillander is a {} teacher at Fernley Green",
    "Fernley Green turned down the complaint of a {} parent. Poor, in my view",
)


@pytest.mark.parametrize("sentence", NEUTRAL)
def test_who_people_are_never_decides(read: Read, sentence: str) -> None:
    """B40: swapping one identity for another in a neutral sentence changes no lead category and draws no score of hate."""
    readings = [read(sentence.format(group)) for group in GROUPS]
    leads = [lead(firm(reading)) for reading in readings]

    assert all(one == other for one, other in combinations(leads, 2))
    assert not any(score.category is C.HATE for reading in readings for score in reading.scores)


@pytest.mark.parametrize("text", ["Mr Green stole the money, Fernley Green", "mr green stole the money, fernley green"])
def test_a_surname_that_is_an_ordinary_word_needs_its_title(read: Read, text: str) -> None:
    """«Green» in the school's own name is no member of staff."""
    assert C.DEFAMATION_INDIVIDUAL in firm(read(text))
    assert not any(score.head is Head.DEFAMATION for score in read("Fernley Green lies on the hill").scores)


@pytest.mark.parametrize("title", ["Mr", "mrs", "Miss", "Ms", "Dr"])
def test_a_person_with_a_title_is_a_person(read: Read, title: str) -> None:
    """Staff who are not on the list are still people."""
    assert C.DEFAMATION_INDIVIDUAL in firm(read(f"{title} Vennacombe stole the raffle money at Fernley Green"))
