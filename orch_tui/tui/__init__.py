"""The screen: composing, running and watching orchestrations in a terminal."""
