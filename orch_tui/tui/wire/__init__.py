"""What goes to the terminal: the cells that are different from those it shows, and nothing else.

Of use without Textual: :mod:`orch_tui.tui.wire.picture` has cells, :mod:`orch_tui.tui.wire.encode` turns the difference
of two pictures into bytes, :mod:`orch_tui.tui.wire.wire` remembers what was sent. How Textual is made to use them is in
:mod:`orch_tui.tui.wire.textual_frames`.
"""
