"""From definitions here to what Keboola reads."""
