"""How rows become a version of a table, and several tables change as one."""
