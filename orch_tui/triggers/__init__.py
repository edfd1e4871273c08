"""Starting orchestrations by facts: files that come, tables that change, runs of others that end."""
