# SPDX-License-Identifier: Apache-2.0
"""The seven environments of the task `oversight`: scenes, the workspace, its tools, and the judging."""
