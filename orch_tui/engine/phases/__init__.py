"""The way through the phases: which task starts when, and where the run goes on."""
