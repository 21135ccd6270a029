"""Rules, their lifecycle, incidents and evidence. `service` steps them once an evaluated second."""
