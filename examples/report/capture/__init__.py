"""Capturing sites: who may be asked, asking, and reading what was answered."""
