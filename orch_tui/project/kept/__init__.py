"""What is kept of definitions as they change: their bytes by what they are, and a log of who changed what."""
