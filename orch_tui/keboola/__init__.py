"""Projects of Keboola in and out: read, understood as definitions of ours, and written back.

``reading`` knows the forms on disk, ``flows`` what may stand in a flow, ``mapping`` what each thing is here, ``back``
writes changes into what was read. The runner of Keboola's components is a component: ``components/keboola``.
"""
