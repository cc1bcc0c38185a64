# SPDX-License-Identifier: Apache-2.0
"""`gyges policy`: check, test, explain and replay a policy before it decides anything, and put it in force.

It reads the policy folder and, without taking it over, the data folder of a gate that may be running; it
changes neither. `reload` asks the running gate. Exit codes: 0 held, 1 did not hold, 2 could not run.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from gyges.cli.common import (
    DEFAULT_URL,
    NOT_HELD,
    AsJson,
    KeyFile,
    Url,
    any_key,
    emit,
    read_key,
    request,
)
from gyges.cli.shown import visible
from gyges.decision import Facts
from gyges.errors import BadPolicy, Misconfigured
from gyges.principal import Scope

app = typer.Typer(no_args_is_help=True)

Data = Annotated[
    Path, typer.Option("--data", envvar="GYGES_DATA", help="The data folder of a gate.")
]
Folder = Annotated[
    Path | None, typer.Option("--policy", help="A policy folder; by default the data folder's.")
]
HERE = Path("gyges-data")


@app.command()
def check(
    folder: Annotated[Path | None, typer.Argument(help="A policy folder.")] = None,
    data: Data = HERE,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the Cedar schema that rules must fit.")
    ] = False,
    as_json: AsJson = False,
) -> None:
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
        raise typer.Exit(NOT_HELD) from None
    counts = {"rules": len(policy.rules), "tools": len(policy.tools), "groups": len(policy.groups)}
    unclassed = sorted(name for name in policy.tools if policy.risk(name) == "unknown")
    found = {"loads": True, "digest": policy.digest, **counts, "unclassed": unclassed}
    lines = [", ".join(f"{n} {what}" for what, n in counts.items()), policy.digest]
    lines += [
        f'tool "{name}" has no risk class: only a rule that names it permits it'
        for name in unclassed
    ]
    if schema:
        text = str(build_schema(policy.tools, policy.groups)).replace("__cedar::", "")
        found, lines = {**found, "schema": text}, [*lines, text]
    _show(as_json, found, lines)


@app.command("test")
def run_cases(
    file: Annotated[Path, typer.Argument(help="Cases in TOML or JSON.")],
    folder: Folder = None,
    data: Data = HERE,
    as_json: AsJson = False,
) -> None:
    """Run the cases of a file and tell which did not come out as expected."""
    from gyges.cli.policy_data import document_in
    from gyges.gate.policy_cases import read_examples, run_examples
    from gyges.gate.policy_folder import read_policy

    examples = read_examples(document_in(file))
    outcomes = list(run_examples(read_policy(folder or data / "policy"), examples))
    failed = [outcome for outcome in outcomes if not outcome.held]
    lines = [f"FAILED  {o.name}: {problem}" for o in failed for problem in o.problems]
    lines.append(f"{len(outcomes) - len(failed)} of {len(outcomes)} cases held")
    _show(as_json, {"held": not failed, "cases": outcomes}, lines)
    if failed:
        raise typer.Exit(NOT_HELD)


@app.command()
def explain(  # noqa: PLR0913, PLR0917 - each is an option of the command
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
    url: Annotated[
        str, typer.Option(help="Ask the gate that listens there about one of its cases.")
    ] = "",
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Say which rules decide one action, and what would change the answer."""
    from gyges.cli.policy_data import action_in, case_of, document_in, explained_at, numbers_in
    from gyges.gate.explain import explain as explain_action
    from gyges.gate.explain import sentences
    from gyges.gate.policy_folder import read_policy

    if url:
        found = explained_at(url, read_key(Scope.AUDITOR, key_file), what)
        _show(as_json, found, sentences(found))
        return
    policy = read_policy(folder or data / "policy")
    file = Path(what)
    if file.suffix == ".json" or file.is_file():
        action, facts = action_in(document_in(file)), Facts(approvals={})
    else:
        action, facts = case_of(data, what)
    supposed = numbers_in(approve or [])  # approving in the way that is asked for
    facts = Facts(
        approvals={**facts.approvals, **supposed},
        signed={**facts.signed, **supposed},
        groups=(*facts.groups, *(group or [])),
        risk=policy.risk(action.tool),
        alarm=alarm or facts.alarm,
    )
    found = explain_action(policy, action, facts)
    _show(as_json, found, sentences(found))


@app.command()
def replay(
    folder: Annotated[Path, typer.Option("--policy", help="The candidate's policy folder.")],
    data: Data = HERE,
    as_json: AsJson = False,
) -> None:
    """Put a candidate to all that was decided so far; exit 1 where a decision would differ."""
    from gyges.cli.policy_data import rulings
    from gyges.gate.policy_folder import read_policy
    from gyges.gate.replay import pasts, summary
    from gyges.gate.replay import replay as replay_policy

    candidate = read_policy(folder)
    found = replay_policy(candidate, pasts(rulings(data)))
    _show(as_json, found, summary(found))
    if found.differences:
        raise typer.Exit(NOT_HELD)


@app.command()
def show(url: Url = DEFAULT_URL, key_file: KeyFile = None, as_json: AsJson = False) -> None:
    """Print the rules, tools and groups that are in force at the running gate."""
    key = any_key(key_file, Scope.AUDITOR, Scope.ADMIN, Scope.APPROVER)
    found: Any = request(url, key, "GET", "/v1/policy")
    document = found["document"]
    lines = [found["digest"]]
    for name, text in document["sources"].items():
        lines += [f"-- {name}", text.rstrip()]
    lines += ["-- tools"] + [
        f"{tool['name']}  {tool['risk'] or 'unknown'}  {tool['server'] or 'any server'}"
        for tool in document["tools"]
    ]
    lines += ["-- groups"] + [
        f"{name}  {f'{size} people' if size else ''}".rstrip()
        for name, size in document["groups"].items()
    ]
    _show(as_json, found, lines)


@app.command("reload")
def take_up(url: Url = DEFAULT_URL, key_file: KeyFile = None, as_json: AsJson = False) -> None:
    """Have the running gate put its policy folder in force; one that does not load changes nothing."""
    found: Any = request(url, read_key(Scope.ADMIN, key_file), "POST", "/v1/policy/reload")
    _show(as_json, found, [f"in force: {found['digest']}"])


def _show(as_json: bool, whole: object, lines: Iterable[str]) -> None:
    if as_json:
        emit(whole)
    else:
        typer.echo("\n".join(visible(line) for text in lines for line in text.split("\n")))
