"""Reading: from files, pages and sites to plain text."""
