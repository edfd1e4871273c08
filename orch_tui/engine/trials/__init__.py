"""Without a run: a configuration tried alone, a component asked, a run that is only rehearsed."""
