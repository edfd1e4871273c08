"""CSV, JSON and Parquet files: into a table, and out of one."""
