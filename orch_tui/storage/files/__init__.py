"""Files of a project with tags, beside its tables: what programs leave that is no table, and take up again."""
