"""The made-up companies of the demo, and the process that serves their sites."""
