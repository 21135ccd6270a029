"""Speed and memory, always beside the limit of the same machine in the same run."""
