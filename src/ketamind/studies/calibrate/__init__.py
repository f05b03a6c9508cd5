"""Calibration: what published experiments say of the parameters."""
