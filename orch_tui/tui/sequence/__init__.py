"""The sequence on the screen: a widget that draws it, and a screen of its own with it."""
