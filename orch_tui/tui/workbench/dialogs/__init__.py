"""What the workbench asks."""
