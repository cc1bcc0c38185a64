# SPDX-License-Identifier: Apache-2.0
"""The ledger room: a log that strangers can check.

merkle      the tree of RFC 6962 and its proofs
note        signed notes and Ed25519 keys (C2SP signed-note)
checkpoint  what a log promises about itself (C2SP tlog-checkpoint)
tiles       how a log is laid out in files (C2SP tlog-tiles)
entry       what one leaf of our log says, and the payload beside it
verify      checks a log, or one entry of it, without trusting whoever keeps it

It exports nothing here: import the module you mean.
"""
