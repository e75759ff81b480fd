"""The scorers: one spaCy component per file, strangers to each other. A new version is a new factory name beside the old one.

`COMPONENTS` is the whole list of what pipeline.cfg may name; a missing file is an error at import.
"""

from __future__ import annotations

from nlp.components import claims, defamation, harassment, heads, no_action, pupil, safeguarding, stop_cue, threat

COMPONENTS: tuple[str, ...] = (
    stop_cue.NAME,
    safeguarding.NAME,
    threat.NAME,
    harassment.NAME,
    defamation.NAME,
    pupil.NAME,
    no_action.NAME,
    heads.NAME,
    claims.NAME,
)
