"""The word everything above speaks: what is known about one second, or ten, of traffic.

`frame` holds the exact and the bounded part, `sketches` the summaries the
bounded part is made of, `packing` the bytes both travel in. All pure.
"""
