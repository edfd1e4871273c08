"""Secrets taken out of what is written and shown: which values, in which spellings, in texts, streams and files."""
