# SPDX-License-Identifier: Apache-2.0
"""`@assurance("passkey")`: a rule that counts no approval but those signed with a passkey.

    @assurance("passkey") permit (...) when { context.approvals.finance >= 2 }
    is put to Cedar as   permit (...) when { context.signed.finance >= 2 }

So Cedar itself weighs both kinds of rules together, a forbid as well as a permit. Which approvals are
signed is for `case.Case` to say, and whether the signatures hold is for the gate's desk.
"""

from collections.abc import Mapping
from dataclasses import is_dataclass, replace
from typing import Any, cast

from cedarpy import pst

PASSKEY = "passkey"
ASSURANCES = frozenset({PASSKEY})
APPROVALS, SIGNED = "approvals", "signed"


def sees_signed(node: pst.Template) -> pst.Template:
    """The same policy, with the signed approvals in place of all approvals."""
    return replace(node, clauses=cast("tuple[pst.Clause, ...]", _turned(node.clauses)))


def fault_in(value: str | None, looks: frozenset[tuple[str, ...]]) -> str:
    """What is wrong with the annotation's value on a rule that looks at `looks`; "" if nothing is."""
    if value is None:
        return ""
    if value not in ASSURANCES:
        return f'@assurance must be "{PASSKEY}", not "{value[:80]}"'
    if () in looks or not any(path[0] == APPROVALS for path in looks):
        return "@assurance is for rules that look at context.approvals"
    return ""


def _turned(part: Any) -> Any:
    if isinstance(part, tuple):
        return tuple(_turned(item) for item in cast("tuple[object, ...]", part))
    if isinstance(part, Mapping):
        return {name: _turned(item) for name, item in cast("dict[str, object]", part).items()}
    if not is_dataclass(part) or isinstance(part, type):
        return part
    if isinstance(part, pst.GetAttr) and part.base == _CONTEXT and part.attr == APPROVALS:
        return replace(part, attr=SIGNED)
    if isinstance(part, pst.HasAttr) and part.base == _CONTEXT and part.attrs[:1] == (APPROVALS,):
        return replace(part, attrs=(SIGNED, *part.attrs[1:]))
    names = part.__dataclass_fields__
    return replace(part, **{name: _turned(getattr(part, name)) for name in names})


_CONTEXT = pst.Var(name="context")
