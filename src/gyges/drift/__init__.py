# SPDX-License-Identifier: Apache-2.0
"""Statistics on streams of numbers: numbers in, alarms out. It reads no clock, no log and nothing of ours.

words      what goes in and what comes out
bets       betting factors: E[L | past] <= 1 while nothing has changed
sums       Shiryaev-Roberts sums of them, for one stream and for many
conformal  bets without a baseline
"""
