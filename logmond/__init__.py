"""logmond watches access logs while they are written and says when something is wrong."""

__version__ = "0.1.0"
