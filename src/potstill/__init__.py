"""Make transformer text classifiers small, and say honestly what that cost."""

__version__ = "0.1.0"
