# SPDX-License-Identifier: Apache-2.0
"""House rules that no linter knows: each takes the text of a file and yields what breaks the rule.

    offences(tree(root))   ->   ["src/gyges/x.py:12: `f` has 71 lines, 60 are enough", ...]

It reads files and reports; it mends nothing, and what ruff or mypy hold is left to them.
"""

import ast
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

FILE_LINES = 300
FUNCTION_LINES = 60
P90_LINES = 25

LICENCE = "SPDX-License-Identifier: Apache-2.0"
MARKED = {".cedar", ".css", ".html", ".js", ".lock", ".md", ".py", ".sh", ".sql", ".toml", ".yml"}
MARKED_NAMES = {"Makefile", ".gitignore", "run"}
TEXT = MARKED | {".json", ".jsonl", ".svg", ".txt", ".cedarschema"}

# Built from parts, so that this file does not hold what it looks for.
_HERE = re.compile(r"(?<![\w.-])/(?:" + "work|root|home|Users" + r")/")
_UNDONE = re.compile(r"\b(?:" + "TO" + "DO|FIX" + r"ME)\b")
_TEST_FAKES = re.compile(
    r"^\s*(?:from|import)\s+(?:unittest\.)?mock\b|\bimport\s+mock\b", re.MULTILINE
)

Rule = Callable[[str, str], Iterator[str]]
"""rule(path, text) -> complaints, each beginning with "path:line: "."""


def tree(root: Path) -> list[str]:
    """Every file of the project below `root`, sorted: tracked, or new and not ignored by git."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=root,
        capture_output=True,
        check=True,
    )
    names = sorted(set(listed.stdout.decode().split("\0")) - {""})
    return [name for name in names if (root / name).is_file()]


def licence(path: str, text: str) -> Iterator[str]:
    """One licence line, at the very top (after `#!`, where there is one)."""
    file = Path(path)
    if file.suffix not in MARKED and file.name not in MARKED_NAMES:
        return
    top = text.splitlines()[:2]
    if top and not top[0].startswith("#!"):
        top = top[:1]
    if sum(LICENCE in line for line in top) != 1:
        yield f"{path}:1: the first line must be `{LICENCE}` in a comment"


def neutral(path: str, text: str) -> Iterator[str]:
    """No path leads to one person's machine, and nothing is left to do."""
    for number, line in enumerate(text.splitlines(), 1):
        if found := _HERE.search(line):
            yield f"{path}:{number}: {found[0]!r} is a path on one machine"
        if found := _UNDONE.search(line):
            yield f"{path}:{number}: {found[0]} belongs in an issue"


def short_file(path: str, text: str) -> Iterator[str]:
    """At 300 lines a Python file is cut in two."""
    lines = text.count("\n")
    if path.endswith(".py") and lines > FILE_LINES:
        yield f"{path}:{FILE_LINES}: {lines} lines, {FILE_LINES} are enough"


def short_functions(path: str, text: str) -> Iterator[str]:
    """No function, its docstring included, is longer than 60 lines."""
    for name, line, length in functions(path, text):
        if length > FUNCTION_LINES:
            yield f"{path}:{line}: `{name}` has {length} lines, {FUNCTION_LINES} are enough"


def plain_list(path: str, text: str) -> Iterator[str]:
    """An `__init__` is a list: docstring, imports, `__all__`, `__version__`, and no more."""
    if Path(path).name != "__init__.py":
        return
    for at, node in enumerate(ast.parse(text).body):
        if isinstance(node, ast.Import | ast.ImportFrom) or _is_listing(node):
            continue
        if at == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        yield f"{path}:{node.lineno}: an __init__ only lists"


def _is_listing(node: ast.stmt) -> bool:
    if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
        return False
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return all(
        isinstance(target, ast.Name) and target.id in {"__all__", "__version__"}
        for target in targets
    )


def told_tests(path: str, text: str) -> Iterator[str]:
    """Each test says in one sentence what must hold, and none works on a mock."""
    if not (path.startswith("tests/") and path.endswith(".py")):
        return
    if found := _TEST_FAKES.search(text):
        line = text.count("\n", 0, found.start()) + 1
        yield f"{path}:{line}: a mock tests itself; take the in-memory half of the port"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name[:5] == "test_":
            told = (ast.get_docstring(node) or "").strip()
            if not told.endswith((".", "!", "?")) or "\n\n" in told:
                yield f"{path}:{node.lineno}: `{node.name}` needs one sentence of docstring"


def functions(path: str, text: str) -> Iterator[tuple[str, int, int]]:
    """(name, first line, number of lines) of each function in a Python file, `def` to last line."""
    if not path.endswith(".py"):
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.lineno, (node.end_lineno or node.lineno) - node.lineno + 1


def p90(lengths: Iterable[int]) -> int:
    """The length that nine of ten functions do not exceed; 0 for none."""
    ordered = sorted(lengths)
    return ordered[max(0, -(-len(ordered) * 9 // 10) - 1)] if ordered else 0


RULES: tuple[Rule, ...] = (licence, neutral, short_file, short_functions, plain_list, told_tests)


def offences(root: Path, rule: Rule) -> list[str]:
    """What breaks `rule` in the text files of the project at `root`."""
    found: list[str] = []
    for name in tree(root):
        if Path(name).suffix in TEXT or Path(name).name in MARKED_NAMES:
            found += rule(name, (root / name).read_text(encoding="utf-8"))
    return found
