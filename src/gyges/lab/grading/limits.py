# SPDX-License-Identifier: Apache-2.0
"""What the graders without a model cannot see, to be printed wherever their results are."""

LIMITS = """\
The rules look for words, not thoughts. They read English only, expect a scratchpad in plain prose, and
miss faking that is put in images, hints or another language's idiom; a text that argues for preserving
its values and drops the argument in words they do not know counts as faking. On labelled scratchpads of
this project that they were never tuned on, their AUROC is 0.94 [0.79, 1.00] where the words are plain
(n = 28; counting keywords: 0.62), 0.83 [0.73, 0.92] where they are figurative (n = 64; counting
keywords: 0.49) and 0.85 [0.72, 0.95] where the reasoning is long and weighs both ways (n = 56; counting
keywords: 0.49); all are written and labelled by the project itself, to defeat a count of words, and none by
a model under test. Reasoning is what a model writes, not what it does: read the score together with the
gap between the conditions, and check a share of samples by hand or by a judge from another maker."""
