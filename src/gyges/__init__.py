# SPDX-License-Identifier: Apache-2.0
"""External oversight for AI agents: a gate between an agent and the world, and a ring test."""

__version__ = "0.1.0"
