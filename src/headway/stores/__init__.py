"""Persistence: the log of every run, and what belongs to it. All stores keep the same promises (`base.Store`)."""
