# What does it wait for?
curl -sf "$HEADWAY/v1/runs/$RUN"
# {"status": "waiting", "asks": {"approve": {"prompt": "Chairs for 95, at most?", "schema": {...}, ...}}, ...}

# Yes.
curl -sf "$HEADWAY/v1/runs/$RUN/input" -d '{"ask_id": "approve", "data": {"go": true, "limit": 100}}'
