"""Variables and secrets: their values, and the places of texts that name them."""
