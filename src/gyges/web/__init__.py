# SPDX-License-Identifier: Apache-2.0
"""The gate's HTTP surface."""
