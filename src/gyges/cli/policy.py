# SPDX-License-Identifier: Apache-2.0
"""`gyges policy`: check, test, explain and replay a policy before it decides anything.

It reads the policy folder and, without taking it over, the data folder of a gate that may be running; it
changes neither. Exit codes: 0 held, 1 did not hold, 2 could not run.
"""

import json
import tomllib
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import Annotated, ParamSpec

import msgspec
import typer

from gyges import canon
from gyges.action import Action
from gyges.canon import Json
from gyges.decision import Facts
from gyges.errors import BadPolicy, GygesError, Malformed, Misconfigured

P = ParamSpec("P")
app = typer.Typer(help="Check, test, explain and replay policies.", no_args_is_help=True)

Data = Annotated[
    Path, typer.Option("--data", envvar="GYGES_DATA", help="The data folder of a gate.")
]
Folder = Annotated[
    Path | None, typer.Option("--policy", help="A policy folder; by default the data folder's.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
HERE = Path("gyges-data")


def _guarded(command: Callable[P, bool]) -> Callable[P, None]:
    """Turn a command's True, False or error into exit code 0, 1 or 2."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            held = command(*args, **kwargs)
        except GygesError as error:
            typer.echo(f"gyges policy: {error}", err=True)
            raise typer.Exit(2) from None
        raise typer.Exit(0 if held else 1)

    return run


@app.command()
@_guarded
def check(
    folder: Annotated[Path | None, typer.Argument(help="A policy folder.")] = None,
    data: Data = HERE,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the Cedar schema that rules must fit.")
    ] = False,
    as_json: AsJson = False,
) -> bool:
    """Whether a policy folder loads: rules, tools and groups fit together."""
    from gyges.gate.policy_check import build_schema
    from gyges.gate.policy_folder import read_policy

    place = folder or data / "policy"
    if not place.is_dir():
        raise Misconfigured(f"{place} is no folder")
    try:
        policy = read_policy(place)
    except BadPolicy as error:
        _show(as_json, {"loads": False, "error": str(error)}, [f"does not load: {error}"])
        return False
    counts = {"rules": len(policy.rules), "tools": len(policy.tools), "groups": len(policy.groups)}
    unclassed = sorted(name for name in policy.tools if policy.risk(name) == "unknown")
    found = {"loads": True, "digest": policy.digest, **counts, "unclassed": unclassed}
    lines = [", ".join(f"{n} {what}" for what, n in counts.items()), policy.digest]
    lines += [
        f'tool "{name}" has no risk class: only a rule that names it permits it'
        for name in unclassed
    ]
    if schema:
        text = str(build_schema(policy.tools, policy.groups))
        found, lines = {**found, "schema": text}, [*lines, text]
    _show(as_json, found, lines)
    return True


@app.command("test")
@_guarded
def run_cases(
    file: Annotated[Path, typer.Argument(help="Cases in TOML or JSON.")],
    folder: Folder = None,
    data: Data = HERE,
    as_json: AsJson = False,
) -> bool:
    """Run the cases of a file and tell which did not come out as expected."""
    from gyges.gate.policy_cases import read_examples, run_examples
    from gyges.gate.policy_folder import read_policy

    examples = read_examples(_document(file))
    outcomes = list(run_examples(read_policy(folder or data / "policy"), examples))
    failed = [outcome for outcome in outcomes if not outcome.held]
    lines = [f"FAILED  {o.name}: {problem}" for o in failed for problem in o.problems]
    lines.append(f"{len(outcomes) - len(failed)} of {len(outcomes)} cases held")
    _show(as_json, {"held": not failed, "cases": outcomes}, lines)
    return not failed


@app.command()
@_guarded
def explain(
    what: Annotated[str, typer.Argument(help="A case id, or a JSON file that holds an action.")],
    folder: Folder = None,
    data: Data = HERE,
    approve: Annotated[
        list[str] | None, typer.Option(help="GROUP=NUMBER: as if so many had approved.")
    ] = None,
    group: Annotated[list[str] | None, typer.Option(help="A group the agent is in.")] = None,
    alarm: Annotated[
        bool, typer.Option("--alarm", help="As if drift had raised an alarm.")
    ] = False,
    as_json: AsJson = False,
) -> bool:
    """Say which rules decide one action, and what would change the answer."""
    from gyges.cli.policy_data import case_of
    from gyges.gate.explain import explain as explain_action
    from gyges.gate.explain import sentences
    from gyges.gate.policy_folder import read_policy

    policy = read_policy(folder or data / "policy")
    file = Path(what)
    if file.suffix == ".json" or file.is_file():
        action, facts = _action(_document(file)), Facts(approvals={})
    else:
        action, facts = case_of(data, what)
    facts = Facts(
        approvals={**facts.approvals, **_numbers(approve or [])},
        groups=(*facts.groups, *(group or [])),
        risk=policy.risk(action.tool),
        alarm=alarm or facts.alarm,
    )
    found = explain_action(policy, action, facts)
    _show(as_json, msgspec.to_builtins(found), sentences(found))
    return True


@app.command()
@_guarded
def replay(
    folder: Annotated[Path, typer.Option("--policy", help="The candidate's policy folder.")],
    data: Data = HERE,
    as_json: AsJson = False,
) -> bool:
    """Put a candidate to all that was decided so far; exit 1 where a decision would differ."""
    from gyges.cli.policy_data import rulings
    from gyges.gate.policy_folder import read_policy
    from gyges.gate.replay import pasts, summary
    from gyges.gate.replay import replay as replay_policy

    candidate = read_policy(folder)
    found = replay_policy(candidate, pasts(rulings(data)))
    _show(as_json, msgspec.to_builtins(found), summary(found))
    return not found.differences


def _show(as_json: bool, whole: object, lines: Iterable[str]) -> None:
    if as_json:
        typer.echo(json.dumps(msgspec.to_builtins(whole), indent=2))
    else:
        typer.echo("\n".join(_plain(line) for line in lines))


def _plain(line: str) -> str:
    """Without characters that would steer a terminal: names and arguments come from outside."""
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in line)


def _document(file: Path) -> object:
    try:
        text = file.read_text(encoding="utf-8")
        return tomllib.loads(text) if file.suffix == ".toml" else canon.parse(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, Malformed) as error:
        raise Malformed(f"{file}: {error}") from None


def _action(document: object) -> Action:
    """An action as `GET /v1/actions` or the log shows it, or as an agent would propose it."""
    whole = canon.clean(document)
    if not isinstance(whole, dict):
        raise Malformed("the file does not hold an action")
    fields: dict[str, Json] = {"agent": "agent", "arguments": {}, **whole}
    fields.pop("v", None)
    try:
        return msgspec.convert(fields, Action)
    except msgspec.ValidationError as error:
        raise Malformed(f"the file does not hold an action: {error}") from None


def _numbers(texts: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for text in texts:
        name, _, number = text.partition("=")
        if not name or not number.isascii() or not number.isdigit():
            raise Malformed(f"--approve {text}: expected GROUP=NUMBER")
        found[name] = int(number)
    return found
