"""How the workbench shares the screen."""
