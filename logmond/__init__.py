"""logmond watches access logs while they are written and says when something is wrong."""
