# SPDX-License-Identifier: Apache-2.0
"""The permit on the page docs/formats/permit.md is what the executor accepts, and says what the page says."""

import json
import re
from pathlib import Path

import pytest

from gyges.action import parse_action
from gyges.adapters.keyset import parse_jwks
from gyges.errors import PermitRefused
from gyges.permit import check_action, read_permit

PAGE = Path(__file__).resolve().parents[2] / "docs" / "formats" / "permit.md"


def blocks() -> list[str]:
    """The first four code blocks of the page: action, permit, claims, keys."""
    found = re.findall(r"```(?:json)?\n(.*?)\n```", PAGE.read_text(), re.DOTALL)
    return found[:4]


def test_the_permit_on_the_page_verifies() -> None:
    """With the page's keys, for the page's action, in the minute it names, and not after it."""
    action, token, claims, keys = blocks()
    said = json.loads(claims)
    known = parse_jwks(keys.encode())
    permit = read_permit(token, known, issuer="gyges", audience="office", now=said["iat"])
    check_action(permit, action.encode())
    assert parse_action(action.encode()).tool == permit.tool
    assert permit.claims() == said
    with pytest.raises(PermitRefused, match="expired"):
        read_permit(token, known, issuer="gyges", audience="office", now=said["exp"] + 2)
