# SPDX-License-Identifier: Apache-2.0
"""The lab's statistics: pure functions on arrays. No file here knows of a model, a log or a clock."""
