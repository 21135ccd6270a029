"""The admin port: a line in, a reply out, for people with `nc` and for programs.

`lines` turns bytes into commands, `session` answers one, `protocol` and
`listener` do the I/O. `commands` is the table; its entries live in `verbs`.
docs/admin-protocol.md describes it from outside.
"""
