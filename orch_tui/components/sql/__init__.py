"""SQL transformations on the tables of the project."""
