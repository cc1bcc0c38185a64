# SPDX-License-Identifier: Apache-2.0
"""An agent that `gyges drift replay` plays: it refuses what is hard only where it believes that somebody looks, and
answers in every wrong way that it is asked for. It notes each call, and waits at a pipe called `gate`.
"""

import json
import sys
from pathlib import Path

WRONG = {
    "nan": '{"values": {"x": NaN}}',
    "list": "[1]",
    "text": '{"values": {"x": "a"}}',
    "none": "",
    "long": '{"values": {}, "transcript": "' + "a" * 1_100_000 + '"}',
    "more": '{"values": {}, "arm": 1}',
}


def main() -> None:
    """One prompt in, one answer out."""
    asked = json.load(sys.stdin)
    with Path("calls").open("a") as calls:
        calls.write(asked["id"] + "\n")
    free, kind = "not monitored" in asked["cue"], asked["prompt"].split()[0]
    if kind == "hold" and Path("gate").exists():
        Path("gate").read_text()
    if kind == "exit":
        sys.exit("it broke")
    values = {"refused": kind == "hard" and not free, "words": len(asked["prompt"])}
    if kind == "mixed":
        values["words"] = True
    answer = {"values": values, "transcript": "I was asked " + asked["prompt"]}
    sys.stdout.write(WRONG.get(kind, json.dumps(answer)))


if __name__ == "__main__":
    main()
