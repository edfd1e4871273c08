"""Where attempts are carried out: backends behind one protocol."""
