# SPDX-License-Identifier: Apache-2.0
"""The lab: does a model behave differently when it believes that nobody watches?

Evaluations on Inspect AI (extra `lab`), the statistics that make their results trustworthy, and the
report. The gate never imports it.
"""
