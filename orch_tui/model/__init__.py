"""Pure values and functions: no input or output, no Textual, no heavy imports."""
