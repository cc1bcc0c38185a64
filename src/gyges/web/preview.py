# SPDX-License-Identifier: Apache-2.0
"""What an action would do, in words, worked out by the gate from the arguments alone. Pure.

    pay    4,800 to Ada                 amount, payee
    mail   3 recipients, 2 domains      each recipient
    shell  rm -rf /srv | tee log        tokens, operators marked
    sql    DELETE, table users          verbs, and whether a WHERE is missing
    write  notes.txt                    what changes, as a unified diff where the old text is known

It believes nothing the agent says beyond the arguments, reads no file and asks nobody: how many rows a
statement touches, or what a file holds now, is not known here and is not guessed.
"""

import difflib
import json
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlsplit

from gyges.canon import Json
from gyges.pointer import MISSING, Missing, find
from gyges.web.values import written
from gyges.web.visible import pieces, spelled

Panel = dict[str, Json]
BRIEF = 90
LINES = 400  # of a diff
LISTED = 100  # recipients, domains
READ = 20_000  # characters of a command that are taken apart
COMPARED = 1_000  # lines of either text; beyond that comparing takes too long
LONGEST = 400_000  # characters of both
_TO = ("to", "cc", "bcc", "recipient", "recipients", "payee", "channel", "account", "iban")
_COMMAND = ("command", "cmd", "shell", "script", "argv")
_SQL = ("sql", "query", "statement")
_PATH = ("path", "file", "file_path", "filename", "target")
_TEXT = ("content", "contents", "text", "new_string", "new_text", "body")
_OLD = ("old_string", "old_text", "old", "before")
_OPERATOR = re.compile(r"[|&;<>()]+|.*[$`].*", re.DOTALL)
_VERB = re.compile(
    r"\b(select|insert\s+into|update|delete\s+from|drop\s+\w+|alter\s+\w+|truncate(?:\s+table)?|create\s+\w+|grant)"
    r"\s+([\w.\"`]+)?",
    re.IGNORECASE,
)
# What is no statement: comments and quoted text, to the end where nothing closes them.
_ASIDE = re.compile(r"--[^\n]*|/\*.*?(?:\*/|\Z)|'(?:[^']|'')*(?:'|\Z)", re.DOTALL)
_CHANGES = re.compile(r"\b(?:update|delete\s+from)\b", re.IGNORECASE)
_WHERE = re.compile(r"\bwhere\b", re.IGNORECASE)
_SPLIT = re.compile(r"[,;\s]+")


def previews(
    arguments: Mapping[str, Json],
    risk: str,
    amount: str = "",
    before: Mapping[str, Json] | None = None,
    *,
    brief: bool = False,
) -> list[Panel]:
    """Every panel that fits, most telling first. `amount` points at the money, `before` are arguments
    of the last call like this one that was approved; `brief` leaves the comparing out.
    """
    makers: list[Callable[[], Panel | None]] = [
        lambda: _payment(arguments, risk, amount),
        lambda: _mail(arguments, risk),
        lambda: _shell(arguments),
        lambda: _sql(arguments),
        lambda: _web(arguments),
        lambda: _write(arguments, before, brief=brief),
    ]
    return [panel for make in makers if (panel := make())]


def headline(panels: list[Panel], arguments: Mapping[str, Json]) -> list[Json]:
    """One line for a list: that of the first panel, else the first arguments."""
    if panels:
        return pieces(_cut(str(panels[0]["headline"])))
    words = (f"{name} {_word(value)}" for name, value in list(arguments.items())[:4])
    return pieces(_cut("  ".join(words))) or ["no arguments"]


def money(value: Json) -> str:
    """A number as people write amounts: 4,800 or 4,800.50."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return spelled(str(value))
    return f"{value:,.2f}".removesuffix(".00")


def unified(old: str, new: str) -> list[Json]:
    """The lines of a unified diff as {"sign", "text"}; at most `LINES`, then one that says how many more."""
    if max(old.count("\n"), new.count("\n")) > COMPARED or len(old) + len(new) > LONGEST:
        return [{"sign": "@", "text": ["too long to be compared line by line here"]}]
    made = difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=2)
    body = [line for line in made if not line.startswith(("---", "+++"))]
    found: list[Json] = [
        {"sign": line[:1], "text": pieces(line if line[:1] == "@" else line[1:])}
        for line in body[:LINES]
    ]
    if len(body) > LINES:
        found.append({"sign": "@", "text": [f"and {len(body) - LINES:,} more lines"]})
    return found


def _payment(arguments: Mapping[str, Json], risk: str, pointer: str) -> Panel | None:
    value = find(dict(arguments), pointer) if pointer else arguments.get("amount", MISSING)
    if (risk != "pay" and not pointer) or isinstance(value, Missing):
        return None
    unit = _text(arguments, ("currency",))
    payee = _text(arguments, ("to", "payee", "recipient", "account", "iban"))
    sum_ = f"{money(value)} {unit}".strip()
    rows = [_row("amount", sum_), _row("to", payee or "nobody named")]
    if account := _text(arguments, ("account", "iban")):
        rows.append(_row("account", account))
    return _panel("payment", f"{sum_} to {payee or 'nobody named'}", rows)


def _mail(arguments: Mapping[str, Json], risk: str) -> Panel | None:
    if risk != "send":
        return None
    people = [
        name for key in ("to", "cc", "bcc", "recipients") for name in _names(arguments.get(key))
    ]
    if not people:
        return None
    domains = sorted({name.rpartition("@")[2] for name in people if "@" in name})
    whom = f"{len(people):,} recipients" if len(people) > 1 else people[0]
    subject = _text(arguments, ("subject", "title"))
    rows = [_row("recipient", name) for name in people[:LISTED]]
    if len(people) > LISTED:
        rows.append(_row("recipients", f"and {len(people) - LISTED:,} more"))
    if domains:
        many = "domain" if len(domains) == 1 else f"{len(domains)} domains"
        rows.append(_row(many, ", ".join(domains[:LISTED])))
    return _panel("mail", f"to {whom}" + (f": {subject}" if subject else ""), rows)


def _shell(arguments: Mapping[str, Json]) -> Panel | None:
    value = _first(arguments, _COMMAND)
    if isinstance(value, list):
        tokens = [written(item) for item in value]
    elif isinstance(value, str):
        tokens = _tokens(value)
    else:
        return None
    shown: list[Json] = [
        {"text": pieces(t[:2000]), "operator": bool(_OPERATOR.fullmatch(t))}
        for t in tokens[: 2 * LISTED]
    ]
    head = value if isinstance(value, str) else " ".join(tokens)
    return {**_panel("shell", head, []), "tokens": shown, "count": len(tokens)}


def _sql(arguments: Mapping[str, Json]) -> Panel | None:
    value = _first(arguments, _SQL)
    found = list(_VERB.finditer(value)) if isinstance(value, str) else []
    if not found or not isinstance(value, str):
        return None
    rows = [_row(_plain(m[1]).upper(), m[2] or "") for m in found[:20]]
    warnings: list[Json] = []
    parts = _ASIDE.sub(" ", value).split(";")
    if any(_CHANGES.search(part) and not _WHERE.search(part) for part in parts):
        warnings.append("no WHERE: it touches every row")
    head = ", ".join(f"{_plain(m[1]).upper()} {m[2] or ''}".strip() for m in found[:3])
    panel = _panel("sql", head, rows)
    return {
        **panel,
        "warnings": warnings,
        "unknown": "How many rows it touches is not known to the gate.",
    }


def _web(arguments: Mapping[str, Json]) -> Panel | None:
    value = _first(arguments, ("url", "uri", "endpoint"))
    if not isinstance(value, str):
        return None
    try:
        url = urlsplit(value)
        host = url.hostname or ""
    except ValueError:
        return None
    method = _text(arguments, ("method",)).upper() or "no method named"
    rows = [_row("method", method), _row("host", host), _row("path", url.path or "/")]
    if url.query:
        rows.append(_row("query", url.query))
    if url.username is not None:
        rows.append(_row("user", "a name stands before the host"))
    return _panel("web", f"{method} {host}{url.path}", rows)


def _write(
    arguments: Mapping[str, Json], before: Mapping[str, Json] | None, *, brief: bool
) -> Panel | None:
    path, new = _first(arguments, _PATH), _first(arguments, _TEXT)
    if not isinstance(path, str) or not isinstance(new, str):
        return None
    old = _first(arguments, _OLD)
    basis = "between the two texts in the arguments"
    if not isinstance(old, str):
        same = before is not None and _first(before, _PATH) == path
        old = _first(before, _TEXT) if same and before else None
        basis = "against what was last written there through this gate"
    panel = _panel("write", f"{path} ({len(new):,} characters)", [_row("path", path)])
    if not isinstance(old, str):
        return {**panel, "unknown": "What is there now is not known to the gate."}
    return {**panel, "diff": [] if brief else unified(old, new), "basis": basis}


def _panel(kind: str, head: str, rows: list[Json]) -> Panel:
    return {"kind": kind, "headline": head, "rows": rows}


def _row(name: str, value: str) -> Json:
    return {"name": name, "value": pieces(value[:2000])}


def _first(arguments: Mapping[str, Json], names: tuple[str, ...]) -> Json:
    return next((arguments[name] for name in names if name in arguments), None)


def _text(arguments: Mapping[str, Json], names: tuple[str, ...]) -> str:
    value = _first(arguments, names)
    return value if isinstance(value, str) else ""


def _names(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield from (part for part in _SPLIT.split(value) if part)
    elif isinstance(value, list):
        for item in value:
            yield from _names(item)


def _tokens(command: str) -> list[str]:
    lexer = shlex.shlex(command[:READ], posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    rest = ["(and more, not taken apart)"] if len(command) > READ else []
    try:
        return [*lexer, *rest]
    except ValueError:
        return [*command[:READ].split(), *(rest or ["(its quotes do not close)"])]


def _word(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value) if _plainly(value) else "..."


def _plainly(value: Json) -> bool:
    return value is None or isinstance(value, (bool, int, float))


def _plain(words: str) -> str:
    return " ".join(words.split())


def _cut(text: str) -> str:
    text = " ".join(text[: 4 * BRIEF].split())
    return text if len(text) <= BRIEF else text[: BRIEF - 1] + "…"
