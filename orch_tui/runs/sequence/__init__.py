"""The order in which an orchestration runs, as boxes and arrows: for the terminal, the screen and wiki pages."""
