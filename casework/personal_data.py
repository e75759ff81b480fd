"""What may not leave in a notice or letter: a child's name, a date of birth, a home address (domain.md §3.5, §9; policy A36, B12).

The school keeps no list of its pupils here, by design: a child's name is known by what stands around it ("my son …", "… in 4B",
"…'s mum", an age). Initials are allowed, and so are grown-ups with a title. Names written all in small letters are not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from casework.errors import PersonalDataError

A_NAME = "a child's name"
A_BIRTHDAY = "a date of birth"
A_HOME = "a home address"

_WORD = r"(?-i:[A-Z\u00c0-\u00de\u0141\u015a\u0174\u0176\u017b][A-Za-z\u00c0-\u017f'\u2019-]{1,30})"  # bounded: no text makes it slow
_NAMED = rf"(?P<name>{_WORD}(?:[ \t]+{_WORD}|[ \t]+(?-i:[A-Z])\b\.?)?)"
_CHILD = (
    "pupil|child|student|boy|girl|son|daughter|sibling|brother|sister|twin|toddler|kid|lad|youngster|teenager|learner|classmate|"
    "nephew|niece|grandson|granddaughter|eldest|youngest|little one|schoolboy|schoolgirl"
)
_FAMILY = (
    "mum|mummy|mom|mam|dad|daddy|mother|father|parents?|carers?|guardians?|nan|nana|gran|granny|grandmother|grandfather|grandad|"
    "grandparents?|stepmum|stepdad|foster carers?|brother|sister|class teacher|classmates|reading record|school report"
)
_CLASS = (
    r"(?:year[ \t]*\d{1,2}\b|y\d{1,2}\b|reception\b|nursery\b|(?:class|form)[ \t]+\w+|\d{1,2}(?!st|nd|rd|th|am|pm|h\b|m\b|k\b)[a-z]\b|"
    r"(?:mr|mrs|ms|miss|mx|dr)\.?[ \t]+\w+['\u2019]s[ \t]+(?:class|form))"
)
_AGE = r"(?:[3-9]|1\d)"
_NAMED_SO = r"(?:['\u2019]s[ \t]+(?:first[ \t]+)?name[ \t]+is|[ \t]+(?:is[ \t]+|was[ \t]+)?(?:called|named)|,|:)?"
_AROUND = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:{_CHILD})s?{_NAMED_SO}[ \t]+[(\"'\u201c\u2018]?{_NAMED}",
        rf"\b(?:{_CHILD})(?:['\u2019]s)?[ \t]+name[ \t]*(?::|-)[ \t]*{_NAMED}",
        rf"\b{_NAMED}(?:,[ \t]+(?:a|an|one of our|our)[ \t]+(?:year[ \t]*\d+[ \t]+)?|[ \t]*\([ \t]*(?:a[ \t]+)?)(?:{_CHILD})\b",
        rf"\b{_NAMED}[ \t]+(?:goes[ \t]+to|attends|joined|left)[ \t]+(?:our[ \t]+|the[ \t]+)?{_CLASS}",
        rf"\b{_NAMED},?[ \t]+(?:both|also|now|then|currently)[ \t]+(?:in|from)[ \t]+{_CLASS}",
        rf"\b(?:he|she|they)(?:['\u2019](?:s|re)|[ \t]+(?:is|was|are))[ \t]+(?:called|named)[ \t]+{_NAMED}\b",
        rf"\b(?:his|her|their|whose)[ \t]+(?:first[ \t]+|full[ \t]+)?name[ \t]+is[ \t]+{_NAMED}\b",
        rf"\b{_NAMED}[ \t]*(?:,[ \t]*|\([ \t]*|[-\u2013][ \t]*)?(?:(?:who[ \t]+)?(?:is|was)[ \t]+)?(?:(?:in|from|of)[ \t]+){_CLASS}",
        rf"\b{_NAMED}(?:,[ \t]*|[ \t]*\([ \t]*|[ \t]*[-\u2013][ \t]*|[ \t]+){_CLASS}",
        rf"\b(?:year[ \t]*\d{{1,2}}|y\d{{1,2}}|\d{{1,2}}[a-z]|reception)(?:['\u2019]s|:)[ \t]+{_NAMED}\b",
        rf"\b{_NAMED}(?:,?[ \t]+\(?aged?[ \t]+{_AGE}\b|[ \t]+\({_AGE}\)|,[ \t]+{_AGE}(?=[,.;)]|[ \t]*$))",
        rf"\b{_NAMED}[ \t]+is[ \t]+(?:only[ \t]+)?{_AGE}(?=[ \t]*(?:[,.;)!]|$|years?\b|yrs?\b|and\b))",
        rf"\b{_AGE}[- ]?(?:year|yr)s?[- ]?old[ \t]+{_NAMED}\b",
        rf"\b{_NAMED}['\u2019]s?[ \t]+(?:{_FAMILY})\b",
        rf"\b(?:{_FAMILY})[ \t]+(?:of|to)[ \t]+{_NAMED}\b",
    )
)
_TITLE = re.compile(
    r"\b(?:mr|mrs|ms|miss|mx|dr|sir|madam|revd|rev|prof|professor|headteacher|head|teacher|governor|chair)\.?[ \t]+$", re.IGNORECASE
)
# Words that stand with a capital beside "pupil" or a class without being anybody's name
_CAPITALISED = """
a about act all an and another any april are as ask assembly at august autumn behaviour board both bst bullying but by can care
case centre ceop chair child childline children christmas class club college committee community complaints council csc data
december deputy designated do does dr dsl each easter education eight england every everyone exploitation eyfs facebook family
february federation first five for form four friday from gallery gcse gcses gmt governor governors group guides he head
headteacher her here his house how however i ict icts if in instagram internet is it its iwf january july june key ks lado last
law leavers line lower many march may member miss monday most mr mrs ms mx my next nhs nine no nobody none not november number
nursery october office officer on online only or our parent parents part pe people phonics photo photos picture pictures please
police policy posh post posts premium primary privacy protection pshe pupil pupils re reception records referral report rhc room
rse safeguarding safety sats saturday scheme school schools scouts secondary section sen sencen senco send september services
seven several she sheet six snapchat social some someone sports spring staff stage student students summer sunday support teacher
teachers team ten term thank that the their them then there these they this those three thursday tiktok to today tomorrow town
tuesday twitter two uk under uniform upper utc video videos voice watch we wednesday week welfare what when where which while who
why winter with x year years yes yesterday you young your youtube
"""
_ORDINARY = frozenset(_CAPITALISED.split())
_POSTCODE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?[ \t]*\d[A-Z]{2}\b", re.IGNORECASE)
_STREET = (
    "Street|Road|Avenue|Lane|Close|Drive|Court|Crescent|Gardens?|Terrace|Way|Place|Grove|Hill|Row|Mews|Square|Walk|Rise|View|Green|"
    "St|Rd|Ave|Ln|Cl|Dr|Ct|Cres|Gdns|Tce"
)
_HOUSES = (
    re.compile(rf"\b\d{{1,4}}[A-Za-z]?,?[ \t]+(?:{_WORD.replace('(?-i:', '(?:')}[ \t]+){{1,3}}(?:{_STREET}|{_STREET.lower()})\b"),
    re.compile(
        r"\b\d{1,4}[a-z]?,?[ \t]+(?!(?:in|on|the|of|at|by|near|down|across|along|from|to|a|this|that|per)\b)[a-z'\u2019]+[ \t]+"
        r"(?:street|road|avenue|lane|crescent|terrace)\b",
        re.IGNORECASE,
    ),
    re.compile(r"\bflat[ \t]+\d{1,4}[a-z]?,[ \t]*(?:\d|(?-i:[A-Z]))", re.IGNORECASE),
    re.compile(r"\b(?:lives?|living|stays?)[ \t]+(?:at|on|opposite)[ \t]+(?:number[ \t]+|no\.?[ \t]*)?(?:\d|(?-i:[A-Z]))", re.IGNORECASE),
    re.compile(r"\bhome[ \t]+address[ \t]*(?:is|:|-)?[ \t]*\d", re.IGNORECASE),
)
_MONTH = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    "sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
_DATE = re.compile(
    rf"(?<![\d./-])\b(?:\d{{1,2}}[./-]\d{{1,2}}[./-](?P<a>\d{{4}}|\d{{2}})|(?P<b>\d{{4}})-\d{{2}}-\d{{2}}|"
    rf"\d{{1,2}}(?:st|nd|rd|th)?[ \t]+(?:of[ \t]+)?(?:{_MONTH})\.?,?[ \t]+(?P<c>\d{{4}})|"
    rf"(?:{_MONTH})\.?[ \t]+\d{{1,2}}(?:st|nd|rd|th)?,?[ \t]+(?P<d>\d{{4}}))\b",
    re.IGNORECASE,
)
_BORN = re.compile(
    rf"\b(?:d\.?o\.?b\b\.?|date of birth)[ \t]*(?:is|was|:|-|=)?[ \t]*(?:\d|(?:{_MONTH})\b)"
    rf"|\bborn[ \t]+(?:on[ \t]+|in[ \t]+)?(?:the[ \t]+)?(?:\d|(?:{_MONTH})\b)"
    rf"|\bbirthday[ \t]*(?:is|was|falls|on|:|-)[ \t]*(?:on[ \t]+)?(?:the[ \t]+)?(?:\d|(?:{_MONTH})\b)"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th)?[ \t]+(?:{_MONTH})[ \t]+is[ \t]+(?:his|her|their)[ \t]+birthday",
    re.IGNORECASE,
)
_SCHOOL_AGE = range(2, 21)  # a date this many years ago may be a pupil's birthday
_INITIALS = 2


def leaks(
    text: str, *, now: datetime, school_address: str = "", school_name: str = "", pupil_names: Sequence[str] = (), with_dates: bool = True
) -> tuple[str, ...]:
    """Return the kinds of personal data that a text seems to hold; the school's own name and address are no leak.

    `with_dates` False passes a bare date: for a field that asks for one, such as the day on which a photograph was made.
    """
    rest = text.replace(school_address, " ") if school_address else text
    kinds = []
    if _child(rest, school_name) or _listed(rest, pupil_names):
        kinds.append(A_NAME)
    if _BORN.search(rest) or (with_dates and any(_is_birthday(match, now) for match in _DATE.finditer(rest))):
        kinds.append(A_BIRTHDAY)
    own = "".join(school_address.split()).upper()
    foreign = [match for match in _POSTCODE.findall(rest) if "".join(match.split()).upper() not in own]
    if foreign or any(pattern.search(rest) for pattern in _HOUSES):
        kinds.append(A_HOME)
    return tuple(kinds)


def _child(text: str, school_name: str) -> bool:
    own = _ORDINARY | {word.casefold() for word in re.findall(r"\w+", school_name)}
    return any(_is_name(text, match, own) for pattern in _AROUND for match in _everywhere(pattern, text))


def _everywhere(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Yield matches that may overlap: "Dear Tom in 4B" must not hide Tom behind Dear."""
    at = 0
    while (match := pattern.search(text, at)) is not None:
        yield match
        at = max(match.start() + 1, match.start("name") + len(match["name"].split()[0]))


def _is_name(text: str, match: re.Match[str], ordinary: Iterable[str]) -> bool:
    if _TITLE.search(text[max(0, match.start("name") - 15) : match.start("name")]):
        return False
    words = [re.sub(r"['\u2019]s$", "", word) for word in match["name"].split()]
    return bool(words) and words[0].casefold() not in ordinary and not (words[0].isupper() and len(words[0]) <= _INITIALS)


def _listed(text: str, names: Sequence[str]) -> bool:
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE) for name in names if name.strip())


def _is_birthday(match: re.Match[str], now: datetime) -> bool:
    year = int(match["a"] or match["b"] or match["c"] or match["d"])
    if year < 100:  # noqa: PLR2004 - written with two digits
        year += 2000
    return now.year - year in _SCHOOL_AGE


@dataclass(frozen=True)
class Guard:
    """Looks at what is about to leave one school; names the field, never repeats what it holds."""

    now: datetime
    school_address: str = ""
    school_name: str = ""
    pupil_names: tuple[str, ...] = ()

    def field(self, label: str, text: str, *, with_dates: bool = True) -> None:
        """Raise PersonalDataError when a field holds what may not leave."""
        found = self._leaks(text, with_dates=with_dates)
        if found:
            raise PersonalDataError(label, found)

    def whole(self, words: str, spared: Sequence[str]) -> None:
        """Look at the finished words line by line; raises PersonalDataError naming the line.

        `spared` are parts that nobody can change: the address of the post has to be given as it is. Bare dates are left to the fields:
        the frame itself writes when a post was seen.
        """
        for number, line in enumerate(words.splitlines(), start=1):
            rest = line
            for part in spared:
                rest = rest.replace(part, " ") if part.strip() else rest
            found = self._leaks(rest, with_dates=False)
            if found:
                raise PersonalDataError(f"line {number} of the finished words", found)

    def _leaks(self, text: str, *, with_dates: bool) -> tuple[str, ...]:
        return leaks(
            text,
            now=self.now,
            school_address=self.school_address,
            school_name=self.school_name,
            pupil_names=self.pupil_names,
            with_dates=with_dates,
        )
