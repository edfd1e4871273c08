"""TOML texts: where their keys are, and edits that keep what was not edited."""
