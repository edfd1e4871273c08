"""A rehearsal on the screen: what is assumed, and where a run would go then."""
