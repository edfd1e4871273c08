"""What people are asked, decide and do in runs."""
