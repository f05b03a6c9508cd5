"""ketamind: how ketamine works in the brain, as an executable, quantitative, falsifiable model."""

__version__ = "0.1.0"
