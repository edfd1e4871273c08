"""Singer taps, run in environments of their own."""
