"""The three agents that make a trip: the planner plans days, the enhancer looks places up, the writer tells about it.

Each works in a child context of the run (``run.agent("planner")``), so that its name stands on every event and log line
it causes, and its steps have keys of their own. The orchestrator, which calls them in turn, is the job itself.
"""
