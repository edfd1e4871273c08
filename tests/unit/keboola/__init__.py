"""Projects of Keboola in and out."""
