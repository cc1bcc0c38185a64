# SPDX-License-Identifier: Apache-2.0
"""One file a scene: what lies in its workspace, and what its final state shows."""
