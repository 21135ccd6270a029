"""From bytes to frames.

`sources` do the only I/O here; `framing`, `syslog`, `formats` are pure;
`kernel` turns batches of lines into frames; `ledger` says what every source
must count; `intake` joins them for one configured source.
"""
