"""dbt projects, run on the tables of the project."""
