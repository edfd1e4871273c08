"""Commands about the tables of a project: what they are, what they were, what was refused."""
