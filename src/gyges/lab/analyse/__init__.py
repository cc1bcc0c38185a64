# SPDX-License-Identifier: Apache-2.0
"""Trials in, results out: pure functions that say how large, how sure, and against which control."""
