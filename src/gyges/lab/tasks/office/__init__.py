# SPDX-License-Identifier: Apache-2.0
"""The office of agents and servers: what is in it, the tools that act on it, and how its end is read."""
