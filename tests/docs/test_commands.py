# SPDX-License-Identifier: Apache-2.0
"""What the pages say of commands and settings is what there is."""

import re
from dataclasses import fields

import pytest
from prometheus_client.metrics import MetricWrapperBase

import gyges.cli.main as cli
from gyges import action, case, decision, episode, permit, ports, principal, standing, verdict
from gyges.errors import GygesError
from gyges.settings import CLIENT_NAMES, PREFIX, Settings
from gyges.web.metrics import Metrics
from tests.docs.pages import Page, page, pages

ALL = pages()
LINES = sorted({tuple(words) for one in ALL for words in one.commands()})
WORDS = (action, case, decision, episode, permit, ports, principal, standing, verdict)


def help_of(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What `gyges WORDS --help` prints; "" where there is no such command."""
    code = cli.main([*words, "--help"])
    return capsys.readouterr().out if code == 0 else ""


@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_a_command_exists(
    line: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that a page mentions is there, with the subcommand and every option that it gives."""
    monkeypatch.setenv("COLUMNS", "200")
    called = command_in(line[1:])
    shown = help_of(called, capsys)
    assert shown, f"there is no `gyges {' '.join(called)}`"
    subcommands = listed(shown)
    if subcommands and len(line) > len(called) + 1 and "inbox" not in called:
        word = line[len(called) + 1]
        assert word.startswith("-") or word in subcommands, (
            f"gyges {' '.join(called)} has no {word}"
        )
    for option in (word for word in line if re.fullmatch(r"--[a-z-]+(=.*)?", word)):
        assert re.search(rf"(?<!\S){option.partition('=')[0]}\b", shown), (
            f"{option} is none of {called}"
        )


def test_the_pages_show_the_commands_there_are() -> None:
    """Every command of ours is mentioned on some page."""
    shown = {line[1] for line in LINES if len(line) > 1}
    assert set(cli.NOUNS) <= shown


def test_a_command_that_is_not_there_is_seen(capsys: pytest.CaptureFixture[str]) -> None:
    """The check above would notice: an unknown command has no help."""
    assert not help_of(["unheard-of"], capsys)
    assert not help_of(["keys", "unheard-of"], capsys)


def test_every_setting_is_documented_with_its_default() -> None:
    """The table of settings and the program know the same names and the same defaults."""
    section = page("docs/operations.md").section("Settings")
    rows = re.findall(r"^\| `(\w+)` \| `([^`]*)` \|", section, re.MULTILINE)
    told = dict(rows)
    assert set(told) == {field.name for field in fields(Settings)}
    for field in fields(Settings):
        assert told[field.name] == text_of(field.default), field.name


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_every_variable_is_one_that_is_read(one: Page) -> None:
    """An environment variable on a page is a setting's, or one that carries a secret or address."""
    known = {PREFIX + field.name.upper() for field in fields(Settings)}
    known |= {PREFIX + name for name in CLIENT_NAMES} | {PREFIX, PREFIX + "..."}
    assert set(re.findall(r"\bGYGES_[A-Z_]*", one.text)) <= known


def test_every_metric_is_documented() -> None:
    """The table of metrics names what is exported, with its labels."""
    section = page("docs/operations.md").section("Health and metrics")
    told = dict(re.findall(r"^\| `(gyges_\w+)` \| ?`?(\w*)`? ?\|", section, re.MULTILINE))
    exported: dict[str, str] = {}
    for found in Metrics()._registry._collector_to_names:
        assert isinstance(found, MetricWrapperBase)
        total = "_total" if found._type == "counter" else ""
        exported[found._name + total] = ", ".join(found._labelnames)
    assert told == exported


def test_the_glossary_names_words_there_are() -> None:
    """A class that the glossary gives in code is one of the words."""
    known = {name for module in WORDS for name in vars(module)}
    named = re.findall(r"\(`([A-Z]\w+)`\)", page("docs/glossary.md").text)
    assert len(named) > 15
    assert set(named) <= known


def test_errors_are_called_by_their_codes() -> None:
    """A code of an error that operations names is one that the program gives."""
    codes = {kind.code for kind in kinds(GygesError)}
    assert "store-down" in codes
    assert "`store-down`" in page("docs/operations.md").text


def kinds(root: type[GygesError]) -> list[type[GygesError]]:
    """An error class and all below it."""
    return [root, *(found for kind in root.__subclasses__() for found in kinds(kind))]


def command_in(words: tuple[str, ...]) -> list[str]:
    """The words that name the command: a noun, and a subcommand where the noun has some."""
    plain = [word for word in words if re.fullmatch(r"[a-z]+", word)]
    if not plain or plain[0] != words[0]:
        return []
    noun = cli.NOUNS.get(plain[0])
    if noun is None or noun.name != "app" or len(words) < 2 or words[1].startswith("-"):
        return plain[:1]
    return [plain[0], words[1]]


def listed(shown: str) -> set[str]:
    """The subcommands in a help text."""
    _, _, below = shown.partition("Commands:\n")
    return set(re.findall(r"^  (\w+)  ", below, re.MULTILINE))


def text_of(value: object) -> str:
    """A default as TOML writes it."""
    if value == ():
        return "[]"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)
