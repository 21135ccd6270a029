"""The shared windowed statistics: tiers of frames, running sums, answers to queries.

`tiers` keeps frames, `series` keeps running sums for rules, `coverage` knows
what was observed, `queries` answers; `service` joins them. All pure: the
evaluated second is an argument everywhere.
"""
