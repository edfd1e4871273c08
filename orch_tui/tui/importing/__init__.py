"""Projects of Keboola brought in from the list of orchestrations, and what is told of them afterwards."""
