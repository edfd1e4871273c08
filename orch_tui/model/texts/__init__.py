"""Texts as people read and write them: made safe to show, durations, sizes, JSON of others."""
