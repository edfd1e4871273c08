"""HTTP for connectors: authentication, requests that are repeated with care, pages, jobs, nested JSON to tables."""
