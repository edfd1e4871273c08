"""What people ask of a run that another process executes."""
