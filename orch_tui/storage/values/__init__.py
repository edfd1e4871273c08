"""What values become between types: their lattice, what is inferred of text, how rows become Parquet."""
