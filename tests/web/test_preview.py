# SPDX-License-Identifier: Apache-2.0
"""What an action would do, in words: right where it is known, silent where it is not."""

from typing import Any

import pytest

from gyges.web import preview
from gyges.web.preview import headline, money, unified


def previews(*asked: Any, **more: Any) -> list[dict[str, Any]]:
    """`preview.previews`, whose JSON the tests look into."""
    found: list[Any] = list(preview.previews(*asked, **more))
    return found


def words(pieces: Any) -> str:
    """The text of pieces, marks by their code."""
    return "".join(p if isinstance(p, str) else f"[{p['code']}]" for p in pieces)


def facts(panel: dict[str, Any]) -> list[tuple[str, str]]:
    """Name and value of each row."""
    return [(row["name"], words(row["value"])) for row in panel["rows"]]


def test_a_payment_says_how_much_and_to_whom() -> None:
    """Amount and payee come from the arguments, by the tool's own pointer."""
    (panel,) = previews({"sum": 4800, "to": "Ada", "account": "GB29"}, "pay", "/sum")
    assert panel["kind"] == "payment"
    assert facts(panel) == [("amount", "4,800"), ("to", "Ada"), ("account", "GB29")]
    assert words(headline([panel], {})) == "4,800 to Ada"


def test_a_payment_to_nobody_says_so() -> None:
    """Where no payee is named, that is what is shown."""
    (panel,) = previews({"amount": 1}, "pay", "/amount")
    assert ("to", "nobody named") in facts(panel)


def test_mail_lists_every_recipient() -> None:
    """Copies and blind copies are recipients, and domains are told."""
    arguments = {"to": "a@x.org, b@y.org", "cc": ["c@x.org"], "bcc": "d@z.org", "subject": "Hi"}
    (panel,) = previews(arguments, "send")
    assert [value for name, value in facts(panel) if name == "recipient"] == [
        "a@x.org", "b@y.org", "c@x.org", "d@z.org",
    ]  # fmt: skip
    assert ("3 domains", "x.org, y.org, z.org") in facts(panel)
    assert words(headline([panel], arguments)) == "to 4 recipients: Hi"


def test_a_command_is_taken_apart() -> None:
    """Operators and expansions stand out, quotes do not hide a space."""
    (panel,) = previews({"command": 'cat "a b" | tee log; rm -rf $HOME'}, "execute")
    tokens = [(words(t["text"]), t["operator"]) for t in panel["tokens"]]
    assert tokens == [
        ("cat", False), ("a b", False), ("|", True), ("tee", False), ("log", False), (";", True),
        ("rm", False), ("-rf", False), ("$HOME", True),
    ]  # fmt: skip


def test_a_command_with_open_quotes_is_shown_all_the_same() -> None:
    """What a shell would not read is split at spaces, and it is said."""
    (panel,) = previews({"command": "echo 'oops"}, "execute")
    assert words(panel["tokens"][-1]["text"]) == "(its quotes do not close)"


@pytest.mark.parametrize(
    ("sql", "head", "warned"),
    [
        ("DELETE FROM users", "DELETE FROM users", True),
        ("update t set a=1 where id=2", "UPDATE t", False),
        ("UPDATE t SET a = 1", "UPDATE t", True),
        ("DROP TABLE x", "DROP TABLE x", False),
        ("UPDATE t SET a = 1; DELETE FROM u WHERE id = 1", "UPDATE t, DELETE FROM u", True),
        ("DELETE FROM t -- WHERE id = 1", "DELETE FROM t", True),
        ("DELETE FROM t /* WHERE", "DELETE FROM t", True),
        ("UPDATE t SET a = ' WHERE '", "UPDATE t", True),
        ("UPDATE t SET a = ';' WHERE id = 1", "UPDATE t", False),
    ],
)
def test_sql_names_verb_and_table(sql: str, head: str, warned: bool) -> None:
    """Each statement without WHERE that changes rows is warned about; row counts are not guessed."""
    (panel,) = previews({"sql": sql}, "execute")
    assert panel["headline"] == head
    assert bool(panel["warnings"]) is warned
    assert "not known" in str(panel["unknown"])


def test_a_url_shows_the_host_that_is_really_asked() -> None:
    """A name before the host is told, and is not the host."""
    (panel,) = previews(
        {"url": "https://bank.example@evil.example/pay?x=1", "method": "post"}, "send"
    )
    assert ("host", "evil.example") in facts(panel)
    assert ("user", "a name stands before the host") in facts(panel)


def test_a_write_is_compared_with_the_text_it_replaces() -> None:
    """Both texts in the arguments: a unified diff."""
    (panel,) = previews({"path": "a", "old_string": "x\ny\n", "new_string": "x\nz\n"}, "write")
    assert [(line["sign"], words(line["text"])) for line in panel["diff"]][1:] == [
        (" ", "x"), ("-", "y"), ("+", "z"),
    ]  # fmt: skip


def test_a_write_is_compared_with_what_was_last_written_there() -> None:
    """The last approved call for the same path is the basis, one for another path is not."""
    now = {"path": "a", "content": "two\n"}
    (same,) = previews(now, "write", before={"path": "a", "content": "one\n"})
    (other,) = previews(now, "write", before={"path": "b", "content": "one\n"})
    assert "last written" in str(same["basis"])
    assert "not known" in str(other["unknown"])
    assert "diff" not in other


def test_comparing_never_takes_long() -> None:
    """Texts of very many lines are not compared line by line."""
    (line,) = unified("a\n" * 5000, "b\n" * 5000)
    assert "too long" in words(line["text"])  # type: ignore[index,call-overload]


def test_hostile_values_are_marked_in_previews_too() -> None:
    """A recipient that mixes alphabets is marked where it is listed."""
    (panel,) = previews({"to": "a@ex\u0430mple.org"}, "send")
    assert ("recipient", "a@ex[U+0430]mple.org") in facts(panel)


def test_an_unknown_shape_has_no_preview() -> None:
    """Where nothing fits, the first arguments are the headline."""
    assert previews({"n": 1, "on": True}, "read") == []
    assert words(headline([], {"n": 1, "name": "x"})) == "n 1  name x".replace("  ", " ")


@pytest.mark.parametrize(
    ("value", "text"), [(4800, "4,800"), (0.5, "0.50"), (True, "True"), ("x", "x")]
)
def test_money_reads_as_people_write_it(value: Any, text: str) -> None:
    """Thousands are set apart; what is no number is left as it is."""
    assert money(value) == text


def test_a_megabyte_of_anything_is_previewed_in_bounds() -> None:
    """Neither recipients nor tokens nor lines nor names without end make a page of their own."""
    many = "a@x.org," * 100_000
    (mail,) = previews({"to": many}, "send")
    assert ("recipients", "and 99,900 more") in facts(mail)
    (shell,) = previews({"command": "a " * 500_000}, "execute")
    assert len(shell["tokens"]) == 200
    (write,) = previews({"path": "p", "old": "a\n", "content": "\u00e9" * 1_000_000}, "write")
    assert len(str(write)) < 10_000
