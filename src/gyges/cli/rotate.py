# SPDX-License-Identifier: Apache-2.0
"""`gyges rotate`: the running gate signs permits with a new key from now on.

The key before still verifies, so permits on their way stay good; executors fetch the new one by its id when
they first meet it. The key that signs the log's checkpoints is another, and stays.
"""

from typing import Any

from gyges.cli.common import DEFAULT_URL, AsJson, KeyFile, Url, emit, read_key, request
from gyges.principal import Scope


def rotate(url: Url = DEFAULT_URL, key_file: KeyFile = None, as_json: AsJson = False) -> None:
    """Sign permits with a new key from now on."""
    made: Any = request(url, read_key(Scope.ADMIN, key_file), "POST", "/v1/signer/rotate")
    if as_json:
        emit(made)
    else:
        print(f"permits are now signed with the key {made['kid']}")
