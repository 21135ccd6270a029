"""What outlives the process: rows and packed frames. It knows no rule and reads no frame.

`rows` are the plain data that come and go; `sqlite` is the durable state, with
`database` (reading and writing), `bounds` (what is forgotten), `positions`,
`opening` and `refusals` (what may be wrong with a file), `upgrade` and `schema`
beneath it; `history` reads the past beside it; `seam` is what the daemon asks
of any of them.
"""
