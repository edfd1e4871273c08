"""JSON as servers send it: without loss, of any size, by paths."""
