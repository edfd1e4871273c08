"""Built-in components and the storage they share. They run as child processes, never inside the program."""

import gc
import sys

if sys.argv[:1] == ["-m"]:
    # One of them begins as a program: its modules are loaded next. The collector would look at all of them again and
    # again, and while rows stream at their buffers, and find nothing: a fifth of the processor's time.
    gc.set_threshold(100_000)
