"""Attempts as processes of this machine: started, found again, stopped."""
