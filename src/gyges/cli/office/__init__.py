# SPDX-License-Identifier: Apache-2.0
"""A small office to protect: what `gyges demo` plays on. Real parts, in processes of their own."""
