"""The list of orchestrations: the first screen."""
