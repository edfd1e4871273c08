"""A whole run: started, handed over, taken over."""
