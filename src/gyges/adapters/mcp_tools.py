# SPDX-License-Identifier: Apache-2.0
"""A tool's definition as its MCP server gives it now, and the digest that policy knows it by.

The digest covers what the model reads and the server checks: name, title, description, both schemas and
annotations. What else a server tells of a tool, its icons and its `_meta`, is not passed on. The digest is
the same as `gate/schema.py` computes for the approved definition; a test holds the two together.
"""

from dataclasses import dataclass

from mcp_types import Tool

from gyges import canon
from gyges.canon import Json
from gyges.errors import Malformed


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One tool of one upstream. `name` is what agents and policy call it, `inner` what its server does."""

    name: str
    inner: str
    server: str
    tool: Tool
    digest: str  # "" for a definition that has no canonical form, which policy can never know

    def document(self) -> dict[str, Json]:
        """Name and inputSchema, and of the rest what there is: as in `tools.json`."""
        return _document(self.name, self.tool)


def define(tool: Tool, *, server: str, prefix: str = "") -> Definition:
    """The definition of `tool`, under the name `prefix` + its own."""
    name = prefix + tool.name
    try:
        digest = canon.digest(canon.clean(_document(name, tool)))
    except Malformed:
        digest = ""
    seen = tool.model_copy(update={"name": name, "icons": None, "meta": None})
    return Definition(name=name, inner=tool.name, server=server, tool=seen, digest=digest)


def _document(name: str, tool: Tool) -> dict[str, Json]:
    found: dict[str, Json] = {"name": name, "inputSchema": tool.input_schema}
    if tool.annotations:
        hints = tool.annotations.model_dump(by_alias=True, mode="json", exclude_none=True)
        found |= {"annotations": hints} if hints else {}
    rest: dict[str, Json] = {
        "outputSchema": tool.output_schema,
        "title": tool.title,
        "description": tool.description,
    }
    return found | {name: value for name, value in rest.items() if value}
