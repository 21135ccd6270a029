"""What the fields of an access line are: pasted formats, presets, detection. All pure."""
