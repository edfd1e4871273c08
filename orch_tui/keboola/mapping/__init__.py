"""What things of Keboola are here, as the tables of our definitions."""
