"""All that depends on private parts of Textual, in one place, each of it behind a look whether the part is there.

Where Textual is another version than the one that this was written for, or a part is not what is expected, Textual's
own way is used: less thrifty, and still a working screen.
"""
