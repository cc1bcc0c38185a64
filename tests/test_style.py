# SPDX-License-Identifier: Apache-2.0
"""The house rules of tools/style.py: that the project keeps them, and that each can be broken."""

import subprocess
from pathlib import Path

import pytest

from tools import style

ROOT = Path(__file__).resolve().parent.parent
TOP = "# SPDX-License-Identifier: Apache-2.0\n"

pytestmark = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git checkout")

BROKEN = [
    (style.licence, "src/gyges/a.py", '"""No licence."""\n'),
    (style.licence, "docs/a.md", "# Title\n<!-- SPDX-License-Identifier: Apache-2.0 -->\n"),
    (style.licence, "requirements/a.lock", ""),
    (style.neutral, "docs/a.md", "See " + "/wo" + "rk/main/docs.\n"),
    (style.neutral, "docs/a.md", "Look in file://" + "/ro" + "ot/x\n"),
    (style.neutral, "src/gyges/a.py", "x = 1  # TO" + "DO: more\n"),
    (style.short_file, "src/gyges/a.py", "x = 1\n" * 301),
    (style.short_functions, "src/gyges/a.py", "def f():\n" + "    x = 1\n" * 60),
    (style.short_functions, "src/gyges/a.py", "async def f():\n" + "    x = 1\n" * 60),
    (style.plain_list, "src/gyges/a/__init__.py", '"""Doc."""\nx = 1\n'),
    (style.plain_list, "src/gyges/a/__init__.py", "def f(): ...\n"),
    (style.told_tests, "tests/test_a.py", "def test_a():\n    assert 1\n"),
    (
        style.told_tests,
        "tests/test_a.py",
        'class TestA:\n    def test_a(self):\n        "No stop"\n',
    ),
    (style.told_tests, "tests/test_a.py", "from unit" + "test.mock import patch\n"),
]

KEPT = [
    (style.licence, "tools/a.sh", "#!/bin/sh\n" + TOP),
    (style.licence, "docs/vectors.json", "{}"),
    (style.neutral, "docs/a.md", "../work/shared, /workers/ and docs/work/a are no such places\n"),
    (style.short_file, "src/gyges/a.py", "x = 1\n" * 300),
    (style.short_functions, "src/gyges/a.py", "def f():\n" + "    x = 1\n" * 59),
    (style.plain_list, "src/gyges/__init__.py", '"""Doc."""\nimport a\n__all__ = ["a"]\n'),
    (style.told_tests, "tests/test_a.py", 'def test_a():\n    """It holds."""\n'),
]


@pytest.mark.slow
@pytest.mark.parametrize("rule", style.RULES, ids=lambda rule: rule.__name__)
def test_the_project_keeps_the_rule(rule: style.Rule) -> None:
    """No file of the project breaks this rule."""
    assert style.offences(ROOT, rule) == []


@pytest.mark.parametrize(("rule", "path", "text"), BROKEN)
def test_the_rule_sees_an_offence(rule: style.Rule, path: str, text: str) -> None:
    """Each rule complains about a file that breaks it, and says where."""
    complaints = list(rule(path, text))
    assert complaints
    assert all(complaint.startswith(f"{path}:") for complaint in complaints)


@pytest.mark.parametrize(("rule", "path", "text"), KEPT)
def test_the_rule_lets_a_good_file_pass(rule: style.Rule, path: str, text: str) -> None:
    """Each rule is silent about a file that keeps it, just so."""
    assert list(rule(path, text)) == []


@pytest.mark.slow
def test_most_functions_are_short() -> None:
    """Nine of ten functions of the package have at most 25 lines."""
    sources = [name for name in style.tree(ROOT) if name.startswith("src/")]
    lengths = [
        length
        for name in sources
        for _, _, length in style.functions(name, (ROOT / name).read_text(encoding="utf-8"))
    ]
    assert len(lengths) > 0
    assert style.p90(lengths) <= style.P90_LINES


@pytest.mark.parametrize(
    ("lengths", "expected"), [([], 0), ([7], 7), (range(1, 11), 9), (range(1, 12), 10)]
)
def test_p90_is_the_ninth_of_ten(lengths: list[int], expected: int) -> None:
    """The percentile is the smallest length that at least nine tenths do not exceed."""
    assert style.p90(lengths) == expected


def test_the_tree_holds_new_files_but_no_ignored_ones(tmp_path: Path) -> None:
    """A file that git does not know yet is looked at; one that git ignores is not."""
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    for name, text in ((".gitignore", "dropped\n"), ("new.py", ""), ("dropped", "")):
        (tmp_path / name).write_text(text)
    assert style.tree(tmp_path) == [".gitignore", "new.py"]
