# SPDX-License-Identifier: Apache-2.0
"""Monitors: each looks at one proposed action and says how suspicious it is; none can grant."""
