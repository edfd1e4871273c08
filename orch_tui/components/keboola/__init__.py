"""Programs written for Keboola's common interface, run in environments of their own."""
