"""Figures and the report: what a run looks like on paper and in a browser."""
