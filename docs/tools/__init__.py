"""What makes the documentation from the package: generated pages, and tutorials that run."""
