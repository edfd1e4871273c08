"""Built-in components and the storage they share. They run as child processes, never inside the program."""
