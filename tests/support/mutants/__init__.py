"""Mutation testing of the core: which changes of single places no test notices.

``python -m tests.support.mutants 500 --seed 7`` takes a random sample of the mutants that cosmic-ray knows of
``model/``, ``engine/``, ``project/`` and ``storage/``, without those that can change nothing (``left_out.py``), and
runs against each the tests that reach its line (``reach.py``): those of the mirrored file first, then the quickest,
then those of whole processes. How much is asked of one mutant is bounded, so the figure is an upper bound.
"""
