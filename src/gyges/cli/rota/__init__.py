# SPDX-License-Identifier: Apache-2.0
"""The rota of `gyges drift demo`: organisms of the lab at work behind a real gate, and what drift says of them."""
