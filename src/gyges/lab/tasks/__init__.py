# SPDX-License-Identifier: Apache-2.0
"""The lab's tasks, each registered with Inspect as `gyges/NAME`."""
