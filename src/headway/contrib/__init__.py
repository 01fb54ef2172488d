"""Reporting from inside tools people have already. Each module needs its tool, and is imported by name."""
