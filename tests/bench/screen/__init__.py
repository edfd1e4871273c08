"""What the screen is held to, each line with its budget: ``pytest -n 0 -m bench -s tests/bench/screen``.

All of it is measured on the real program in a real terminal of 120x40. Times are of the processor, so that a busy
machine changes them little; what is compared with something else is measured in turn with it (A B A B).
"""
