"""Finding out what texts are about. Plain functions, CPU-bound: run in threads, never on an event loop."""
