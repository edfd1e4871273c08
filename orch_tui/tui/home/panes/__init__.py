"""The panes that the home screen consists of: each shows one value and says by messages what was chosen."""
