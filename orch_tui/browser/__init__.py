"""The screen in a browser: a page with a terminal, each with a program of its own behind it.

What runs there is the very program that a terminal gets, on a pseudo-terminal: same keys, same picture, same hang-up.
"""
