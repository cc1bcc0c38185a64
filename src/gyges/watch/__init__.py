# SPDX-License-Identifier: Apache-2.0
"""What is kept of an agent's episodes, so that a change in how it behaves can be seen."""
