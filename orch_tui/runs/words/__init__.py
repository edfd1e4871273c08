"""What runs say, in words: for every kind of output."""
