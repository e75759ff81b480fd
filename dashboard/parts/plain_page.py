"""Pages that the server draws by itself, without Streamlit and without a script: sign-in, staff report, first start, refusals.

Every word that came from outside passes `html.escape`. The look is that of the other screens (tokens in .streamlit/config.toml).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from html import escape

from starlette.responses import HTMLResponse

_STYLE = """
:root{color-scheme:light dark;--paper:#FBFAF7;--raised:#F1EEE7;--ink:#1B2733;--muted:#55616D;--accent:#1F5F8B;--on:#FFFFFF;
--line:#D8D2C6;--bad:#A4161A;--good:#2F6848}
@media (prefers-color-scheme:dark){:root{--paper:#12181F;--raised:#1B242E;--ink:#E8ECEF;--muted:#A9B4BE;--accent:#7DB8E0;--on:#12181F;
--line:#33404D;--bad:#FF8F8F;--good:#96D0AC}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:38rem;margin:0 auto;padding:1.5rem 1rem 4rem}
.small{max-width:26rem;padding-top:min(14vh,7rem)}
.brand{color:var(--muted);margin:0 0 .25rem;font-weight:600}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .75rem}
h2{font-size:1.15rem;margin:1.75rem 0 .5rem}
p,ul,ol{margin:.5rem 0}
li{margin:.25rem 0}
a{color:var(--accent)}
label,legend{font-weight:600;display:block;margin:0 0 .25rem;padding:0}
.hint{color:var(--muted);font-weight:400;display:block;font-size:.925rem;margin:0 0 .35rem}
.field{margin:1.1rem 0}
fieldset{border:0;margin:1.1rem 0;padding:0;min-width:0}
input[type=text],input[type=password],input[type=email],input[type=url],input[type=date],textarea,select{width:100%;min-height:2.75rem;
padding:.5rem .65rem;font:inherit;color:var(--ink);background:var(--raised);border:1px solid var(--muted);border-radius:6px}
textarea{min-height:8rem;resize:vertical}
.choice{display:flex;gap:.65rem;align-items:flex-start;min-height:2.75rem;padding:.5rem 0;font-weight:400;margin:0}
.choice input{width:1.25rem;height:1.25rem;margin:.15rem 0 0;flex:none;accent-color:var(--accent)}
button{min-height:2.75rem;width:100%;padding:.55rem 1rem;font:inherit;font-weight:600;color:var(--on);background:var(--accent);
border:1px solid var(--accent);border-radius:6px;cursor:pointer}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.box{border:1px solid var(--line);border-left-width:5px;background:var(--raised);border-radius:6px;padding:.75rem 1rem;margin:1rem 0}
.bad{border-color:var(--bad)}
.good{border-color:var(--good)}
.wrong{color:var(--bad);font-weight:600;display:block;margin:.25rem 0}
.number{font-size:1.6rem;font-weight:700;letter-spacing:.02em;overflow-wrap:anywhere}
.stop{display:none}
form:has(#tick-indecent_image:checked) .stop{display:block}
footer{color:var(--muted);font-size:.925rem;margin-top:2.5rem}
"""
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    # Not `no-referrer`: with that a browser sends `Origin: null` with the form, and the check of where it came from would refuse it.
    "Referrer-Policy": "same-origin",
}


def page(title: str, *parts: str, status: int = 200, small: bool = False) -> HTMLResponse:
    """Return a whole page. `title` is plain text; `parts` are HTML from this module's functions."""
    body = "\n".join(parts)
    text = (
        '<!doctype html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)} · Schoolwatch</title>\n<style>{_STYLE}</style>\n</head>\n"
        f'<body>\n<main{" class=small" if small else ""}>\n<p class="brand">Schoolwatch</p>\n<h1>{escape(title)}</h1>\n'
        f"{body}\n</main>\n</body>\n</html>\n"
    )
    return HTMLResponse(text, status_code=status, headers=HEADERS)


def para(text: str) -> str:
    """Return a paragraph of plain text."""
    return f"<p>{escape(text)}</p>"


def heading(text: str) -> str:
    """Return a heading within the page."""
    return f"<h2>{escape(text)}</h2>"


def bullets(rows: Iterable[str]) -> str:
    """Return a list of plain lines."""
    return "<ul>" + "".join(f"<li>{escape(row)}</li>" for row in rows) + "</ul>"


def link(text: str, address: str) -> str:
    """Return a paragraph with a link to a page of our own."""
    return f'<p><a href="{escape(address)}">{escape(text)}</a></p>'


def box(*parts: str, tone: str = "", classes: str = "", role: str = "note") -> str:
    """Return a framed note; `tone` is bad, good or nothing; `role` alert is read out at once by a screen reader."""
    return f'<div class="{f"box {tone} {classes}".strip()}" role="{role}">{"".join(parts)}</div>'


def problem(text: str) -> str:
    """Return a refusal in plain words."""
    return box(para(text), tone="bad", role="alert")


def form(action: str, button: str, *parts: str) -> str:
    """Return a form with one button, which needs no script."""
    return f'<form method="post" action="{escape(action)}">{"".join(parts)}<button type="submit">{escape(button)}</button></form>'


def hidden(name: str, value: str) -> str:
    """Return a field that is not shown."""
    return f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'


def field(  # noqa: PLR0913 - the parts of one labelled input
    name: str,
    label: str,
    value: str = "",
    *,
    kind: str = "text",
    hint: str = "",
    wrong: str = "",
    complete: str = "off",
    required: bool = False,
    longest: int = 2000,
    focus: bool = False,
) -> str:
    """Return a labelled input; `wrong` stands above it in words and is tied to it for screen readers."""
    about = f' aria-describedby="{escape(name)}-about"' if hint or wrong else ""
    marks = f"{' required' if required else ''}{' autofocus' if focus else ''}{' aria-invalid=true' if wrong else ''}"
    shared = f'id="{escape(name)}" name="{escape(name)}" maxlength="{longest}" autocomplete="{escape(complete)}"{about}{marks}'
    if kind == "area":
        control = f"<textarea {shared}>\n{escape(value)}</textarea>"
    else:
        control = f'<input type="{escape(kind)}" {shared} value="{escape(value)}" spellcheck="false">'
    return f'<div class="field"><label for="{escape(name)}">{escape(label)}</label>{_about(name, hint, wrong)}{control}</div>'


def _about(name: str, hint: str, wrong: str) -> str:
    if not hint and not wrong:
        return ""
    words = f'<span class="hint">{escape(hint)}</span>' if hint else ""
    fault = f'<span class="wrong">{escape(wrong)}</span>' if wrong else ""
    return f'<span id="{escape(name)}-about">{words}{fault}</span>'


def choices(name: str, legend: str, options: Mapping[str, str], chosen: Iterable[str] = (), *, many: bool = False, hint: str = "") -> str:
    """Return a group of ticks (`many`) or of exclusive choices."""
    marked = frozenset(chosen)
    rows = "".join(_choice(name, value, text, many=many, on=value in marked) for value, text in options.items())
    words = f'<span class="hint">{escape(hint)}</span>' if hint else ""
    return f"<fieldset><legend>{escape(legend)}</legend>{words}{rows}</fieldset>"


def _choice(name: str, value: str, text: str, *, many: bool, on: bool) -> str:
    kind, key = ("checkbox", f"tick-{value}") if many else ("radio", f"{name}-{value}")
    return (
        f'<label class="choice" for="{escape(key)}"><input type="{kind}" id="{escape(key)}" name="{escape(name)}" '
        f'value="{escape(value)}"{" checked" if on else ""}><span>{escape(text)}</span></label>'
    )
