"""Itinerary: a trip planned day by day from a remote place service, each better tour shown as it is found."""
