"""What waits for somebody in a project: failures, missed starts, late runs, alerts that do not arrive."""
