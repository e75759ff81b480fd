"""Word to the people concerned: a member of staff, a child's parents, all parents (domain.md §9; policy A23, B22, B23)."""

from __future__ import annotations

from casework.notice import WHO, Ask, LetterTemplate, NoticeFacts, choice, detail, details_of, done_so_far, plain, text, tick
from data.model.people import Permission

PARENT_ROUTES = (
    "You can ask the platform yourself: many take a request about a child's picture or data only from a parent.",
    "You can ask the account owner directly, if you know them and it is safe.",
    "You can ask for a copy of what we hold, and you can complain to the Information Commissioner.",
)


def _stands(facts: NoticeFacts) -> str:
    rows = [f"How it stands: {facts.online}" if facts.online else "", f"The countdown: {facts.standing}" if facts.standing else ""]
    rows.append(f"Our next look: {facts.next_check}" if facts.next_check else "")
    return "\n".join(row for row in rows if row)


def _parents_can(_facts: NoticeFacts) -> str:
    return "What you can do yourself, if you wish\n" + "\n".join(f"- {row}" for row in PARENT_ROUTES)


STAFF = LetterTemplate(
    key="staff_update",
    label="Update for the member of staff concerned",
    subject="Where your matter stands",
    opening="This is to tell you where things stand. You decide how much you want to hear: tell us if you would rather have less, or none.",
    says=(
        done_so_far,
        _stands,
        details_of("Support that is there for you", ("Line manager, HR", "hr"), ("Union", "union"), ("Counselling", "counselling")),
        plain("You may decline any of it, and change your mind later. Please do not answer the post yourself: leave that to us."),
        detail("Your contact", "contact"),
    ),
    closing="With kind regards",
    permission=Permission.REQUEST,
    required=(*WHO, "standing"),
    asks=(
        Ask("hr", "HR or line manager", "your line manager has time for you today at four o'clock"),
        Ask("union", "trade union", "your union representative knows about this kind of matter"),
        Ask("counselling", "counselling", "the school's counselling line, at no cost to you, day and night"),
        Ask("contact", "who is there for questions", "the deputy headteacher, in person or 01632 960001"),
    ),
    warnings=("Nothing about any other person. Give it in person, or by the school's own mail.",),
)

PARENT = LetterTemplate(
    key="parent_update",
    label="Update for the parents of the child concerned",
    subject="About something that appeared online",
    opening="We would like to tell you about something that appeared online and that your child can be recognised in or hurt by.",
    says=(
        detail("What appeared, in mild words", "appeared"),
        done_so_far,
        _parents_can,
        detail("Support for your child", "support"),
        detail("Whom to ring", "call"),
        plain(
            "Please do not share it, answer it or write about it online, not even to object: each copy makes it harder to have it removed."
        ),
        plain("We cannot promise that it will be removed. We will go on looking, and tell you what we find."),
    ),
    closing="With kind regards",
    permission=Permission.TRIAGE,
    asks=(
        text("appeared", "what appeared, in mild words, without the author", "An unkind post with a picture taken at the gate."),
        Ask("support", "support for the child", "the pastoral team is there every morning; we can also arrange a counsellor"),
        Ask("call", "whom to ring (role, number)", "the safeguarding lead, 01632 960001"),
        tick("no_author", "it names or hints at no author"),
    ),
    warnings=("No author, no promise. Ring first, write afterwards.",),
)

ALL_PARENTS = LetterTemplate(
    key="all_parents",
    label="General message to parents (the head approves)",
    subject="A message to all parents and carers",
    opening="Dear parents and carers,",
    says=(
        detail("What we can tell you", "facts"),
        plain("Please do not share, answer or search for any of it. Children read what adults write; a picture cannot be taken back."),
        detail("If you have a concern about the school, we want to hear it from you", "complaints"),
        plain("Everyone is free to criticise the school. All we ask is that children are left in peace."),
    ),
    closing="With kind regards",
    permission=Permission.REQUEST,
    asks=(
        text(
            "facts",
            "the facts, with nothing that helps to find the post",
            "Unkind remarks about our community have gone round online this week.",
        ),
        Ask("complaints", "where the complaints procedure is", "see https://fernley-green.example/complaints, or ring the office"),
        choice("reach", "who gets it", ("all parents and carers", "the parents of one year group")),
        tick("nothing_to_find", "nothing in it helps to find the post: no platform, no words of it, no day"),
    ),
    warnings=("It often draws attention to what few had seen. Most matters need no message.",),
    head_approves=True,
)
