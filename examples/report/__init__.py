"""Report: competitors' sites are captured, compared with one's own and reported on, by workers on many machines."""
