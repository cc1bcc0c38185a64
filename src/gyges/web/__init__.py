# SPDX-License-Identifier: Apache-2.0
"""The HTTP surface of the gate."""
