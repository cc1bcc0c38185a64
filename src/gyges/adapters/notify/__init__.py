# SPDX-License-Identifier: Apache-2.0
"""Notification: what people are told, by mail, chat and webhook. Messages point; nothing here decides."""
