"""Where bytes come from: one file a kind of source, the only I/O of `ingest`."""
