"""The composition root: a configuration becomes a running tree of services.

`inputs` joins sources with their intakes, `evaluation` moves the evaluated
second, `catchup` reads what files already hold, `durability` speaks to the
state, `outlets` to the outputs, `service` starts, ticks, reloads and stops it
all. Nothing below imports anything from here.
"""
