# SPDX-License-Identifier: Apache-2.0
"""Adapters: one file for each foreign surface through which actions reach the gate."""
