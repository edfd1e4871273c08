"""Runs that have been, all of them: searched, grouped by their failures, their logs read, some of them run again."""
