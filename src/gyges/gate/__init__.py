# SPDX-License-Identifier: Apache-2.0
"""The gate: an action is proposed, judged, answered from outside, and permitted once."""
