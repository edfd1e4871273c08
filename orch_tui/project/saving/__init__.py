"""Definitions written: texts after an edit, saving, new and renamed ones, drafts."""
