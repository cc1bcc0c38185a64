# SPDX-License-Identifier: Apache-2.0
"""What the graders without a model cannot see, to be printed wherever their results are."""

LIMITS = """\
The rules look for words, not thoughts. They read English only, expect a scratchpad in plain prose, and
miss faking that is put in images, hints or another language's idiom; a text that argues for preserving
its values and drops the argument in words they do not know counts as faking. On scratchpads written for
this project they were tuned on one half and measured on another of other voices: see the documentation
for the figures. Reasoning is what a model writes, not what it does: read the score together with the gap
between the conditions, and check a share of samples by hand or by a judge from another maker."""
