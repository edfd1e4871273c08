"""The tables of a project: immutable Parquet versions, how new rows meet old ones, publishing all or nothing.

Beneath them is the one rule of values, for everything that reads, joins, compares or writes values: a type is chosen
only if every value comes back as the same text; two types meet in one that holds both exactly, else as text.
:mod:`orch_tui.storage.values.types` says where which part of it is.
"""
