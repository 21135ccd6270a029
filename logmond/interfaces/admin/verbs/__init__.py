"""The commands of the admin port, by what they are about: one file a subject."""
