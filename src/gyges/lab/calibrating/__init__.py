# SPDX-License-Identifier: Apache-2.0
"""The parts of calibration: real runs of organisms, runs drawn without Inspect, and what both found."""
