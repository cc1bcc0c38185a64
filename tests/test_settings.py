# SPDX-License-Identifier: Apache-2.0
"""Settings: file, then environment, then flags; unknown names and unsafe values are refused."""

from pathlib import Path

import pytest

from gyges.errors import Misconfigured
from gyges.settings import Settings, read_settings


def test_flags_beat_environment_beats_file(tmp_path: Path) -> None:
    """The later source wins, and values come in their own type."""
    file = tmp_path / "gyges.toml"
    file.write_text("port = 1\nwait_seconds = 5\norigin = 'a'\n")
    found = read_settings(file, {"GYGES_PORT": "2", "GYGES_ORIGIN": "b"}, port=3, origin=None)
    assert (found.port, found.origin, found.wait_seconds) == (3, "b", 5)
    assert read_settings(tmp_path / "none.toml", {}) == Settings()


@pytest.mark.parametrize(
    ("text", "environ"),
    [
        ("prot = 1", {}),
        ("port = 'x'", {}),
        ("port = ", {}),
        ("", {"GYGES_PROT": "1"}),
        ("", {"GYGES_PORT": "x"}),
        ("permit_seconds = 301", {}),
        ("retention_days = 182", {}),
        ("monitor_worst = 'allow'", {}),
        ("ask_above = 0.0", {}),
        ("deny_above = 0.1", {}),
        ("wait_seconds = 0", {}),
        ("escalate_seconds = 5", {}),
        ("public_url = 'gate.example.org'", {}),
        ("public_url = 'http://gate.example.org'", {}),
        ("public_url = 'https://gate.example.org/'", {}),
        ("public_url = 'https://gate.example.org/gate'", {}),
        ("public_url = 'https://Gate.example.org'", {}),
        ("public_url = 'https://u:p@gate.example.org'", {}),
        ("session_seconds = 10", {}),
        ("idle_seconds = 0", {}),
        ("episode_idle_seconds = 0", {}),
        ("link_seconds = 0", {}),
        ("oidc_issuer = 'https://id.example'", {}),
        ("oidc_client_id = 'gyges'", {}),
        ("oidc_client_id = 'g'\noidc_issuer = 'http://id.example'", {}),
        ("oidc_groups = ['finance']", {}),
        ("oidc_roles = ['=admin']", {}),
        ("escalate_then = ['60=board']", {}),
        ("escalate_seconds = 60\nescalate_to = 'a'\nescalate_then = ['60=b']", {}),
        ("escalate_seconds = 60\nescalate_to = 'a'\nescalate_then = ['90']", {}),
        ("escalate_seconds = 60\nescalate_to = 'a'\nescalate_then = ['soon=b']", {}),
    ],
)
def test_what_would_break_a_promise_is_refused(
    tmp_path: Path, text: str, environ: dict[str, str]
) -> None:
    """A misspelt name, a wrong type, a value beyond what the design promises: none is guessed at."""
    file = tmp_path / "gyges.toml"
    file.write_text(text)
    with pytest.raises(Misconfigured):
        read_settings(file, environ)


def test_client_secrets_in_the_environment_are_no_settings() -> None:
    """A key for a client does not stop the gate from starting."""
    assert read_settings(None, {"GYGES_AGENT_KEY": "x", "OTHER": "y"}) == Settings()


def test_every_setting_says_what_it_is() -> None:
    """One sentence for each field stands in the file itself."""
    source = Path(read_settings.__code__.co_filename).read_text()
    for name in Settings.__dataclass_fields__:
        assert f"    {name}: " in source
        after = source.split(f"    {name}: ")[1].splitlines()[1]
        assert after.strip().startswith('"""'), name
