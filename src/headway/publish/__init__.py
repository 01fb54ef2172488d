"""Writing to a run: the publisher that batches, and the handles a job reports through."""
