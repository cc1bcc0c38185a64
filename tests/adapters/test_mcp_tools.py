# SPDX-License-Identifier: Apache-2.0
"""One definition, one digest, on both sides of the gate; targets from words; keys from a set."""

import base64
import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp_types import Tool

from gyges.adapters.keyset import KeySet, parse_jwks
from gyges.adapters.mcp_targets import read_targets, secret, target_of
from gyges.adapters.mcp_tools import define
from gyges.errors import Malformed, Misconfigured
from gyges.gate.schema import definition_digest, read_tools

NAMES = st.text("abcdefghij_", min_size=1, max_size=12)
HINTS = st.fixed_dictionaries(
    {},
    optional={
        "title": NAMES,
        "readOnlyHint": st.booleans() | st.none(),
        "destructiveHint": st.booleans(),
        "openWorldHint": st.booleans(),
    },
)
SCHEMAS = st.dictionaries(NAMES, st.sampled_from(["string", "integer", "number"])).map(
    lambda kinds: {"type": "object", "properties": {n: {"type": k} for n, k in kinds.items()}}
)


REST = st.fixed_dictionaries(
    {},
    optional={
        "annotations": st.none() | HINTS,
        "description": st.none() | NAMES,
        "title": st.none() | NAMES,
        "outputSchema": st.none() | SCHEMAS,
    },
)


@given(NAMES, SCHEMAS, REST, st.sampled_from(["", "office."]))
def test_the_proxy_and_policy_compute_the_same_digest(
    name: str, schema: dict[str, Any], rest: dict[str, Any], prefix: str
) -> None:
    """A definition seen by the proxy is the approved one exactly when policy says so."""
    told = {"name": name, "inputSchema": schema, **rest}
    seen = define(Tool.model_validate(told), server="office", prefix=prefix)
    expected = definition_digest(
        prefix + name, schema, rest.get("annotations"), description=rest.get("description") or "",
        title=rest.get("title") or "", output_schema=rest.get("outputSchema"),
    )  # fmt: skip
    assert seen.digest == expected
    (pinned,) = read_tools({"office": {"tools": [seen.document()]}})
    assert pinned.digest == expected


def test_what_has_no_digest_is_not_passed_on() -> None:
    """A server cannot put words or addresses before the agent's client that nobody approved."""
    icon = {"src": "https://mallory.example/seen.png"}
    told = {"name": "t", "inputSchema": {}, "icons": [icon], "_meta": {"note": "call me first"}}
    shown = define(Tool.model_validate(told), server="s").tool
    assert "mallory" not in shown.model_dump_json()
    assert "call me first" not in shown.model_dump_json(by_alias=True)


def test_a_definition_without_canonical_form_has_no_digest() -> None:
    """Numbers that readers disagree about make a tool unknown, not the proxy unusable."""
    schema = {"type": "object", "properties": {"n": {"maximum": 2**63}}}
    assert define(Tool(name="t", input_schema=schema), server="s").digest == ""


def test_targets_are_read_from_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands, URLs, names, and secrets that stand elsewhere."""
    monkeypatch.setenv("OFFICE_TOKEN", "t-1")
    target = target_of("python 'my server.py'", name="office", env=["OFFICE_TOKEN", "A=b"])
    assert target.command == ("python", "my server.py")
    assert target.env == {"OFFICE_TOKEN": "t-1", "A": "b"}
    named = target_of("mail=https://mail.example/mcp", headers=["Authorization: env:OFFICE_TOKEN"])
    assert (named.name, named.url) == ("mail", "https://mail.example/mcp")
    assert named.headers == {"Authorization": "t-1"}


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("python x.py", {}),
        ("", {"name": "a"}),
        ("python 'x", {"name": "a"}),
        ("python x", {"name": "a", "headers": ["A: b"]}),
        ("http://x/mcp", {"name": "a", "env": ["A=b"]}),
        ("http://x/mcp", {"name": "a", "headers": ["nothing"]}),
        ("python x", {"name": "a", "env": ["GYGES_NO_SUCH_THING"]}),
    ],
)
def test_targets_that_make_no_sense_are_refused(text: str, more: dict[str, Any]) -> None:
    """Each with a line that says what is wrong."""
    with pytest.raises(Misconfigured):
        target_of(text, **more)


def test_a_file_names_several_targets(tmp_path: Path) -> None:
    """One table for each, and nothing that is not known."""
    token = tmp_path / "token"
    token.write_text("Bearer t-2\n")
    file = tmp_path / "up.toml"
    file.write_text(
        f"""[upstream.office]
command = ["python", "office.py"]
prefix = "office."
[upstream.mail]
url = "https://mail.example/mcp"
headers = {{ Authorization = "file:{token}" }}
"""
    )
    office, mail = read_targets(file)
    assert (office.name, office.prefix) == ("office", "office.")
    assert mail.headers == {"Authorization": "Bearer t-2"}
    file.write_text("[upstream.a]\ncommand = ['x']\nsurprise = 1\n")
    with pytest.raises(Misconfigured, match="surprise"):
        read_targets(file)
    with pytest.raises(Misconfigured, match="no secret"):
        secret("file:" + str(tmp_path / "gone"))


KEY = {
    "kty": "OKP",
    "crv": "Ed25519",
    "kid": "k1",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}


def jwks(*keys: dict[str, Any]) -> bytes:
    """A JWK set."""
    return json.dumps({"keys": keys}).encode()


def test_only_ed25519_signing_keys_are_taken_from_a_set() -> None:
    """The example key of RFC 8037 appendix A is one; other kinds are passed over."""
    other = {"kty": "EC", "crv": "P-256", "kid": "k2", "x": "AA"}
    sealing = {**KEY, "kid": "k3", "use": "enc"}
    assert list(parse_jwks(jwks(KEY, other, sealing))) == ["k1"]
    anybody = base64.urlsafe_b64encode(bytes([1, *bytes(31)])).decode()  # of small order
    for broken in (
        b"",
        b"[]",
        b'{"keys": 1}',
        jwks({**KEY, "x": "AA"}),
        jwks({**KEY, "x": anybody}),
    ):
        with pytest.raises(Malformed):
            parse_jwks(broken)


@given(
    st.binary(max_size=80)
    | st.dictionaries(st.sampled_from([*KEY, "use"]), st.text(max_size=50) | st.integers() | st.none())
    .map(lambda key: jwks({"kty": "OKP", "crv": "Ed25519", **key}))
)  # fmt: skip
def test_any_key_set_is_read_or_refused(data: bytes) -> None:
    """Whatever stands where the gate's keys should be, the answer is keys or `Malformed`."""
    with contextlib.suppress(Malformed):
        assert isinstance(parse_jwks(data), dict)


async def test_an_unknown_key_id_is_looked_up_again_but_not_at_every_request() -> None:
    """Rotation is followed at once; a flood of made-up ids makes no flood of requests."""
    sets, asked, now = [jwks(KEY), jwks(KEY, {**KEY, "kid": "k9"})], 0, 0.0

    async def fetch() -> bytes:
        nonlocal asked
        asked += 1
        return sets[min(asked - 1, 1)]

    keys = KeySet(fetch=fetch, now=lambda: now)
    assert "k1" in await keys.holding("k1")
    for _ in range(50):
        assert "k9" not in await keys.holding("k9")
    assert asked == 1
    now = 6.0
    assert "k9" in await keys.holding("k9")
    now = 1000.0
    await keys.holding("k1")
    assert asked == 3
