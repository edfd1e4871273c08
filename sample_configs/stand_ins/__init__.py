"""Programs on loopback that stand in for the systems of the sample pipelines, so that these run without accounts."""
