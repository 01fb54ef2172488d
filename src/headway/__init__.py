"""Live, durable, resumable progress for long-running jobs and AI agents."""
