"""The edges: one file per wire protocol."""
