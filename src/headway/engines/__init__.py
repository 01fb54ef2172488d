"""What makes runs happen: jobs, commands, the runtime under every engine, and the engines that deliver run ids."""
