"""The run that is shown: started, watched, intervened in."""
