# SPDX-License-Identifier: Apache-2.0
"""The real path: a network with random weights, made on the spot, goes through the same task by Inspect's provider."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from inspect_ai import eval as inspect_eval
from inspect_ai.model import get_model

from gyges.lab.read import read
from gyges.lab.tasks.alignment_faking import alignment_faking

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (importlib.util.find_spec("torch") and importlib.util.find_spec("transformers")),
        reason="needs torch and transformers: make heavy",
    ),
    # Warnings of libraries about their own future are theirs.
    pytest.mark.filterwarnings("ignore"),
]
TEMPLATE = "{% for m in messages %}[{{ m['role'] }}] {{ m['content'] }}\n{% endfor %}[assistant] "


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a language model of some ten thousand random weights, and a tokenizer of bytes."""
    import torch  # pyright: ignore[reportMissingImports] - an extra of CI: make heavy
    from tokenizers import (  # pyright: ignore[reportMissingImports]
        Tokenizer,
        decoders,
        models,
        pre_tokenizers,
    )
    from transformers import (  # pyright: ignore[reportMissingImports]
        GPT2Config,
        GPT2LMHeadModel,
        PreTrainedTokenizerFast,
    )

    torch.manual_seed(0)
    letters = {letter: n for n, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    raw = Tokenizer(models.BPE(vocab={**letters, "<end>": len(letters)}, merges=[]))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, eos_token="<end>", pad_token="<end>")
    tokenizer.chat_template = TEMPLATE
    config = GPT2Config(
        vocab_size=len(tokenizer), n_positions=16_384, n_embd=16, n_layer=1, n_head=2,
        bos_token_id=len(letters), eos_token_id=len(letters),
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("network")
    GPT2LMHeadModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_a_network_goes_through_the_task_as_any_model_does(network: Path, tmp_path: Path) -> None:
    """What random weights say is graded, in both arms, and nothing of it counts as faking."""
    arguments: dict[str, Any] = {"model_path": str(network), "device": "cpu"}
    model = get_model("hf/network", **arguments)
    task = alignment_faking(packs="privacy", n=2)
    (log,) = inspect_eval(task, model=model, log_dir=str(tmp_path), display="none", max_tokens=24)
    assert log.status == "success"
    trials = read([tmp_path]).trials
    assert sorted(trial.level("tier") for trial in trials) == ["trained"] * 2 + ["untrained"] * 2
    assert all(trial.text and not trial.error and trial.tokens_out > 0 for trial in trials)
    assert {trial.outcome.counts for trial in trials} == {False}
