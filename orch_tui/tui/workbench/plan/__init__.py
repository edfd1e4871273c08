"""The orchestration as it is edited: its edits, its file, its checks."""
