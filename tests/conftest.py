# SPDX-License-Identifier: Apache-2.0
"""What every test may ask for: the shared recordings, parts of the system, modest Hypothesis.

It starts nothing and fakes nothing: in-memory halves of the ports live in `gyges.testing`.
"""

import os
import shutil
import signal
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent
# Shells start programs in the background deaf to Ctrl-C, and so would be all that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def in_ci() -> bool:
    """Whether a continuous integration service runs the tests, by the variable they all set."""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


# No deadline: a slow machine is not a wrong program. `HYPOTHESIS_PROFILE=deep` looks longer,
# `quick` (`make test-fast`) shorter.
_CALM = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("default", deadline=None, max_examples=50, suppress_health_check=_CALM)
settings.register_profile(
    "ci",
    deadline=None,
    max_examples=50,
    suppress_health_check=_CALM,
    derandomize=True,
    print_blob=True,
)
settings.register_profile("quick", deadline=None, max_examples=10, suppress_health_check=_CALM)
settings.register_profile("deep", deadline=None, max_examples=2000, suppress_health_check=_CALM)
# Libraries that would look for models in a hub on the network find none, at once.
os.environ["HF_HUB_OFFLINE"] = "1"

settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if in_ci() else "default"))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run every `async def test_...` on asyncio, as the gate itself does."""
    return "asyncio"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of recordings and vectors beside the repository, or skip."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the recordings are not here: ../shared/data is missing")
    return folder


@pytest.fixture(scope="session")
def need() -> Callable[..., Path]:
    """Return `need(*names)`: the path of the first of these programs that is installed.

    Where none is, the test skips and says why; in CI (`CI=true`) it fails, since there a missing
    part of the system would silently take its tests away.
    """

    def need_program(*names: str) -> Path:
        for name in names:
            if found := shutil.which(name):
                return Path(found)
        reason = f"this test needs {' or '.join(names)}, which is not installed"
        if in_ci():
            pytest.fail(f"{reason}; CI must have it: see .ci/run")
        pytest.skip(reason)

    return need_program


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Write lone surrogates in captured output as escapes: a test process could not hand them on."""
    report = yield
    report.sections = [
        (name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections
    ]
    return report
