"""The biology of ketamine: each mechanism in one file, each stage in one folder, joined in `chain`."""
