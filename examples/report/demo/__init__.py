"""Everything at once on one machine, and breaking it."""
