"""Batches of lines become frames. `python` is the reference and the specification."""
