"""What the workbench is made of on the screen; widgets do no I/O."""
