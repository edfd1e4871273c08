"""What goes between a client and a server: addresses, connections, answers, what failed, when to ask again."""
