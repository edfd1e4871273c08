"""What is stale: tasks that read, say or are given another thing than at their last success, and those after them."""
