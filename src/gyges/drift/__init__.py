# SPDX-License-Identifier: Apache-2.0
"""Statistics on streams of numbers: numbers in, alarms out. It reads no clock, no log and nothing of ours.

words      what goes in and what comes out
bets       betting factors: E[L | past] <= 1 while nothing has changed
sums       Shiryaev-Roberts sums of them, for one stream and for many
conformal  bets without a baseline
monitor    all of it behind one door: episodes in, alarms out, people's acts, and the state as bytes
units      episodes to units of analysis: sessions
plans      which features are compared with which reference, and with how much of the budget
streams    one agent's parts: what rang, what is counted, what is remembered
explain    why an alarm rang, unit by unit
checks     the assumptions behind it
ring       watched against unwatched
"""
