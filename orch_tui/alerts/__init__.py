"""Telling people what became of runs: which events are told, the outbox on disk, and sending."""
