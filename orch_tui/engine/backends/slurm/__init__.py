"""Attempts as jobs of Slurm, by its own programs."""
