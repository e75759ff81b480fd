"""Words for a public place: a factual reply to criticism (policy B31), a proposal on Wikipedia's talk page (B5, B29, B30).

Both need the headteacher's approval and are put there by hand by somebody who is authorised. They hold no case number.
"""

from __future__ import annotations

from casework.notice import WHO, Ask, AskKind, LetterTemplate, detail, text, tick
from data.model.people import Permission
from data.model.readings import OUTCOMES, Category

REPLY = LetterTemplate(
    key="public_reply",
    label="Factual public reply to criticism (the head approves)",
    subject="Reply to criticism",
    opening="Thank you for raising this.",
    says=(detail("The facts", "facts"), detail("Source", "source"), detail("To talk to us", "talk")),
    permission=Permission.REPORT,
    asks=(
        Ask("criticism", "the address of the criticism", "https://forum.example.org/t/40", AskKind.LINK),
        text(
            "facts",
            "the facts, courteous and short",
            "The gate opens at half past eight; since May it has been open from eight on two days.",
        ),
        Ask("source", "where that can be read", "https://fernley-green.example/opening-times"),
        Ask("talk", "how to talk to the school", "ring the office on 01632 960001, we would like to hear from you"),
        Ask("poster", "who will post it, and from which account", "the communications lead, from the school's own page"),
        tick("tone", "the tone is polite, and another opinion is respected"),
        tick("nobody", "it confirms of nobody that they are a pupil, parent or member of staff"),
    ),
    warnings=("Often the best answer is none. Only criticism and questions are answered; a harm is never engaged with (policy A12).",),
    head_approves=True,
    only_for=OUTCOMES | {Category.KNOWINGLY_FALSE},
    bare=True,
)

WIKIPEDIA = LetterTemplate(
    key="wikipedia",
    label="Wikipedia: proposal for the talk page (the head approves)",
    subject="Proposal for a talk page",
    opening="Declaration: I am connected with the subject of this article, {school}. I do not edit the article; I propose a change here.",
    says=(
        detail("Article", "article"),
        detail("Revision", "revision"),
        detail("What I propose to change", "change"),
        detail("Reliable source", "source"),
        detail("Why", "why"),
    ),
    closing="I leave the decision to the editors. Thank you.",
    permission=Permission.REPORT,
    required=WHO,
    asks=(
        Ask("article", "the article", "Fernley Green Primary School"),
        Ask("revision", "the revision that you read (number or link)", "https://wiki.example.org/index.php?oldid=4711", AskKind.LINK),
        text("change", "the change, neutral and factual", "In the second paragraph: the school opened in 1964, not in 1946."),
        Ask("source", "a reliable source that is not the school's own", "County Record Office, school registers, 1964"),
        text("why", "why", "The two last figures were swapped in an edit of last year."),
        tick("neutral", "the wording is neutral, factual and polite"),
        tick("rules_read", "the encyclopaedia's rules on conflicts of interest were read"),
    ),
    warnings=("No removal is asked of an encyclopaedia. Private data in an article: ask its oversight team instead.",),
    head_approves=True,
    bare=True,
)
