"""Who asks: the admin port, and the client that scripts use.

Interfaces read the statistics and alerts services through `surface`, never a
source, window or store.
"""
