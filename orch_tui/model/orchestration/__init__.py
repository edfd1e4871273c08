"""What an orchestration says: phases, tasks, and what starts, decides, repeats and asks."""
