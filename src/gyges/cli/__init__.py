# SPDX-License-Identifier: Apache-2.0
"""The command line: `gyges` and one file for each noun."""
