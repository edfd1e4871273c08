"""The tree of phases and tasks: rows, what stands behind the names, bars."""
