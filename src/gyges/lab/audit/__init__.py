# SPDX-License-Identifier: Apache-2.0
"""The audit of decision systems that are no chat models: do they decide alike when it is only an audit?

plan, cases, systems     what columns mean; rows and decisions; whom to ask
match, compare           twins on their covariates; gaps between them, with intervals
control, judge, result   a planted gap; the verdict; the page and the JSON
example                  a credit scorer that cheats in the audit, and one that does not
"""

from gyges.lab.audit.judge import run, run_files
from gyges.lab.audit.plan import Plan
from gyges.lab.audit.result import AuditGap

__all__ = ["AuditGap", "Plan", "run", "run_files"]
