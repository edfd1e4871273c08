"""What both faces, the command line and the screen, say of runs and do to them: read, judged, started, stopped."""
