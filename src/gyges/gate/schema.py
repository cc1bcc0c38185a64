# SPDX-License-Identifier: Apache-2.0
"""What a tool is to policy: its approved definition, its risk class, and the Cedar schema made of all tools.

    tools.json   {"office": {"tools": [{"name": "pay", "risk": "pay", "inputSchema": {...}}]}}
    Cedar        action "pay" in [Action::"risk:pay"] appliesTo { principal: [Agent], resource: [Server],
                 context: { approvals: { finance: Long }, risk: String, agent: { alarm: Bool },
                            amount?: decimal, input: { to: String, amount: decimal } } };

A tool's own annotations (MCP 2025-11-25, ToolAnnotations) are hints by the one who is to be overseen:
they may raise its risk class and never lower it. Nothing here evaluates a rule or reads a file.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gyges import canon, pointer
from gyges.canon import Json
from gyges.errors import BadPolicy, Malformed
from gyges.gate.policy_types import record_of

UNKNOWN = "unknown"
RISKS = ("read", "draft", "recommend", "write", "send", "delete", "execute", "pay", "oversee")
"""Risk classes, least first; `unknown` stands outside, for what nobody has classed."""
CLASS_PREFIX = "risk:"
TOOL_NAME = re.compile(r"(?!risk:)[A-Za-z0-9_./:@#+~-]{1,200}")
GROUP_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_TEXTS = ("title", "description", "amount")
_FIELDS = {"name", "risk", "inputSchema", "outputSchema", "annotations", *_TEXTS}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolDefinition:
    """One tool as somebody approved it. `amount` points (RFC 6901) at the argument that is money."""

    name: str
    server: str = ""  # the only server it is approved for; empty: whichever the caller names
    risk: str = UNKNOWN  # as declared; `risk_of` gives what counts
    input_schema: dict[str, Json] = field(default_factory=lambda: {"type": "object"})
    annotations: dict[str, Json] = field(default_factory=dict[str, Json])
    output_schema: dict[str, Json] = field(default_factory=dict[str, Json])
    title: str = ""
    description: str = ""
    amount: str = ""

    @property
    def digest(self) -> str:
        """`definition_digest` of what the tool's server told, without what we decided about it."""
        return definition_digest(
            self.name, self.input_schema, self.annotations, description=self.description,
            title=self.title, output_schema=self.output_schema,
        )  # fmt: skip

    def document(self) -> dict[str, Json]:
        """The definition as JSON: everything that can change a ruling."""
        return {
            "name": self.name,
            "server": self.server,
            "risk": self.risk,
            "inputSchema": self.input_schema,
            "outputSchema": self.output_schema,
            "annotations": self.annotations,
            "title": self.title,
            "description": self.description,
            "amount": self.amount,
        }


def definition_digest(
    name: str,
    input_schema: Mapping[str, Json],
    annotations: Mapping[str, Json | None] | None = None,
    *,
    description: str = "",
    title: str = "",
    output_schema: Mapping[str, Json] | None = None,
) -> str:
    """Digest of a definition as its server gives it. Null annotations and empty fields count as absent.

    Whatever text a model may read belongs to it: it is a way to change what a tool does.
    """
    hints = {key: value for key, value in (annotations or {}).items() if value is not None}
    told: dict[str, Json] = {
        "annotations": dict(hints),
        "description": description,
        "title": title,
        "outputSchema": dict(output_schema or {}),
    }
    whole: dict[str, Json] = {"name": name, "inputSchema": dict(input_schema)}
    return canon.digest(canon.clean(whole | {key: value for key, value in told.items() if value}))


def stricter(one: str, other: str) -> str:
    """The riskier of two classes; `unknown` and words that are no class win over all but `oversee`."""
    if one not in RISKS or other not in RISKS:
        return "oversee" if "oversee" in (one, other) else UNKNOWN
    return max(one, other, key=RISKS.index)


def risk_of(tool: ToolDefinition) -> str:
    """The class that counts: the declared one, raised by what the tool says about itself."""
    if tool.risk not in RISKS:
        return UNKNOWN
    hints, risk = tool.annotations, tool.risk
    if hints.get("readOnlyHint") is False:
        risk = stricter(risk, "write")
    if hints.get("openWorldHint") is True and risk == "write":
        risk = stricter(risk, "send")
    if hints.get("destructiveHint") is True:
        risk = stricter(risk, "delete")
    return risk


def read_tools(document: Json, where: str = "tools.json") -> list[ToolDefinition]:
    """Definitions from the JSON of `tools.json`; raise `BadPolicy` naming what is wrong."""
    if not isinstance(document, dict):
        raise BadPolicy(f"{where}: expected an object of servers")
    found: list[ToolDefinition] = []
    for server, entry in document.items():
        tools = entry.get("tools") if isinstance(entry, dict) and set(entry) == {"tools"} else None
        if not isinstance(tools, list):
            raise BadPolicy(f'{where}: server "{server}" is not {{"tools": [...]}}')
        found += [_read_tool(tool, server, where) for tool in tools]
    return found


def _read_tool(entry: Json, server: str, where: str) -> ToolDefinition:
    name = entry.get("name") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(name, str):
        raise BadPolicy(f'{where}: a tool of server "{server}" has no name')
    at = f'{where}: tool "{name}"'
    if strange := sorted(set(entry) - _FIELDS):
        raise BadPolicy(f'{at}: unknown field "{strange[0]}"')
    texts = {key: entry.get(key, "") for key in _TEXTS}
    risk, schema = entry.get("risk", UNKNOWN), entry.get("inputSchema")
    hints, output = entry.get("annotations") or {}, entry.get("outputSchema") or {}
    if not all(isinstance(text, str) for text in (risk, *texts.values())):
        raise BadPolicy(f"{at}: risk, title, description and amount must be strings")
    if not (isinstance(schema, dict) and isinstance(output, dict) and isinstance(hints, dict)):
        raise BadPolicy(
            f"{at}: inputSchema must be an object, as outputSchema and annotations where given"
        )
    return ToolDefinition(
        name=name,
        server=server,
        risk=str(risk),
        input_schema=schema,
        output_schema=output,
        annotations=hints,
        title=str(texts["title"]),
        description=str(texts["description"]),
        amount=str(texts["amount"]),
    )


def check_tools(tools: Iterable[ToolDefinition]) -> dict[str, ToolDefinition]:
    """Name -> definition; raise `BadPolicy` for a bad or doubled name or a risk class that is none."""
    found: dict[str, ToolDefinition] = {}
    for tool in tools:
        if not TOOL_NAME.fullmatch(tool.name):
            raise BadPolicy(
                f'tool "{tool.name[:80]}": the name has characters a rule cannot rely on'
            )
        if tool.name in found:
            raise BadPolicy(f'tool "{tool.name}" is defined twice; give one of them a prefix')
        if tool.risk not in (*RISKS, UNKNOWN):
            known = ", ".join((*RISKS, UNKNOWN))
            raise BadPolicy(f'tool "{tool.name}": risk "{tool.risk}" is none of {known}')
        try:
            pointer.parts(tool.amount)
            canon.clean(tool.document())
        except Malformed as error:
            raise BadPolicy(f'tool "{tool.name}": {error}') from None
        found[tool.name] = tool
    return found


def cedar_schema(tools: Mapping[str, ToolDefinition], groups: Iterable[str]) -> dict[str, object]:
    """The Cedar schema (JSON form) that every rule must fit.

    A class without tools gets one stand-in action without arguments, because Cedar refuses a rule whose
    scope can match nothing, and a rule about `risk:pay` is right even while nothing can pay.
    """
    actions: dict[str, object] = {CLASS_PREFIX + risk: {} for risk in (*RISKS, UNKNOWN)}
    approvals = {"type": "Record", "attributes": {group: {"type": "Long"} for group in groups}}
    classes = {name: risk_of(tool) for name, tool in tools.items()}
    for name, tool in tools.items():
        input_type = record_of(tool.input_schema).cedar
        actions[name] = _action(classes[name], approvals, input_type)
    for risk in (*RISKS, UNKNOWN):
        if risk not in classes.values():
            empty: dict[str, object] = {"type": "Record", "attributes": {}}
            actions[f"(no tool of class {risk})"] = _action(risk, approvals, empty)
    entities = {"Group": {}, "Agent": {"memberOfTypes": ["Group"]}, "Server": {}}
    return {"": {"entityTypes": entities, "actions": actions}}


def _action(risk: str, approvals: object, input_type: object) -> dict[str, object]:
    amount = {"type": "Extension", "name": "decimal", "required": False}
    context = {
        "approvals": approvals,
        "risk": {"type": "String"},
        "agent": {"type": "Record", "attributes": {"alarm": {"type": "Boolean"}}},
        "amount": amount,
        "input": input_type,
    }
    applies = {
        "principalTypes": ["Agent"],
        "resourceTypes": ["Server"],
        "context": {"type": "Record", "attributes": context},
    }
    return {"memberOf": [{"id": CLASS_PREFIX + risk}], "appliesTo": applies}
