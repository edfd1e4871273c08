"""Components about the weather: a sample of a package that brings components."""
