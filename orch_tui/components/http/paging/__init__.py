"""Pages of an API: how to ask for the next one, how to know that there is none, and what is new in them."""
