# SPDX-License-Identifier: Apache-2.0
"""Model organisms: scripted, stochastic models whose truth is known, for calibrating every task."""
