"""What a script of SQL makes its outputs of, read from its statements with sqlglot."""
