# SPDX-License-Identifier: Apache-2.0
"""What the two chat tasks share: level sentences, packs, rendering, and reading a condition back."""
