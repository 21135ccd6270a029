"""Who is told: one file a kind of output, and `table` that names them.

An output gets every event and every evaluated second. It must not block and
must not raise: what it cannot deliver it counts.
"""
