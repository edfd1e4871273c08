"""The screen of one configuration: what is edited, its form, its file."""
