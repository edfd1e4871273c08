"""A run that goes on: started, followed, seen."""
