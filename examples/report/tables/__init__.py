"""The tables of this application."""
