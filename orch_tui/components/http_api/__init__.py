"""Any HTTP API with JSON: records into tables, rows of a table to an endpoint."""
