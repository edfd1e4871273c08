"""Commands that bring projects of Keboola in and out."""
