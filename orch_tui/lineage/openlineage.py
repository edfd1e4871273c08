"""A run as events of OpenLineage (https://openlineage.io), made and sent by the standard's own client.

An event for the start and one for the end of the run and of each attempt, with what it read and wrote, how many rows,
and of which columns its columns are made. Their ids come from the run's own: what is sent twice is there once.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import (
    column_lineage_dataset,
    error_message_run,
    output_statistics_output_dataset,
    parent_run,
    schema_dataset,
)
from openlineage.client.transport import Transport
from openlineage.client.transport.file import FileConfig, FileTransport
from openlineage.client.transport.http import HttpConfig, HttpTransport

from orch_tui.engine.attempts.results import read_result
from orch_tui.lineage.graph import LineageGraph
from orch_tui.model.errors import UserError
from orch_tui.model.run import runstate
from orch_tui.model.run.attempt_state import AttemptState
from orch_tui.model.status import Status
from orch_tui.project.attempt_dir import attempt_directory

PRODUCER = "https://openlineage.io/orch-tui"
"""Who made an event: the standard wants an address."""
_OUTSIDE = "outside"
_ENDS = {Status.SUCCESS: RunState.COMPLETE, Status.WARNING: RunState.COMPLETE, Status.ERROR: RunState.FAIL}


class Telling:
    """Makes the events of runs. ``namespace`` is that of the project's jobs and tables."""

    def __init__(self, graph: LineageGraph, namespace: str) -> None:
        self._graph = graph
        self._namespace = namespace

    def events(self, state: runstate.RunState, directory: Path) -> Iterator[RunEvent]:
        """In the order of their times."""
        found = [*self._of_run(state)]
        for task in state.tasks.values():
            for attempt in task.attempts:
                found += self._of_attempt(state, task, attempt, directory)
        yield from sorted(found, key=lambda event: event.eventTime)

    def _of_run(self, state: runstate.RunState) -> Iterator[RunEvent]:
        run, job = Run(_id(state.header.id)), Job(self._namespace, state.header.orchestration)
        yield _event(RunState.START, state.started or state.header.created, run, job)
        if state.ended is not None:
            yield _event(_ENDS.get(state.status, RunState.ABORT), state.ended, run, job)

    def _of_attempt(
        self, state: runstate.RunState, task: runstate.TaskState, attempt: AttemptState, directory: Path
    ) -> Iterator[RunEvent]:
        header = state.header
        parent = parent_run.ParentRunFacet(
            parent_run.Run(_id(header.id)), parent_run.Job(self._namespace, header.orchestration), producer=PRODUCER
        )
        facets: dict[str, Any] = {"parent": parent}
        job = Job(self._namespace, f"{header.orchestration}.{task.id}")
        run_id = _id(header.id, task.id, str(attempt.number))
        told = read_result(attempt_directory(directory, task.id, attempt.number))
        data = (self._inputs(task.configuration), self._outputs(task.configuration, told))
        yield _event(RunState.START, attempt.started or attempt.spawned, Run(run_id, facets), job, *data)
        if attempt.ended is not None:
            if attempt.status is Status.ERROR:
                error = error_message_run.ErrorMessageRunFacet(attempt.reason or "failed", "unknown", producer=PRODUCER)
                facets = {**facets, "errorMessage": error}
            end = _ENDS.get(attempt.status, RunState.ABORT)
            yield _event(end, attempt.ended, Run(run_id, facets), job, *data)

    def _inputs(self, ref: str) -> list[InputDataset]:
        job = self._graph.jobs.get(ref)
        if job is None:
            return []
        tables = [InputDataset(self._namespace, table, facets=self._schema(table)) for table in job.reads]
        return tables + [InputDataset(_OUTSIDE, name) for name in job.sources]

    def _outputs(self, ref: str, told: Mapping[str, Any]) -> list[OutputDataset]:
        job = self._graph.jobs.get(ref)
        if job is None:
            return []
        items = told.get("tables")
        written = {one.get("table"): one for one in items if isinstance(one, dict)} if isinstance(items, list) else {}
        found = []
        for table in job.writes:
            own = written.get(table, {})
            rows, size = own.get("written"), own.get("bytes")
            facet = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
                rowCount=rows if isinstance(rows, int) else None,
                size=size if isinstance(size, int) else None,
                producer=PRODUCER,
            )
            statistics: dict[str, Any] = {"outputStatistics": facet} if own else {}
            facets = {**self._schema(table), **self._columns(ref, table)}
            found.append(OutputDataset(self._namespace, table, outputFacets=statistics, facets=facets))
        return found + [OutputDataset(_OUTSIDE, name) for name in job.targets]

    def _schema(self, table: str) -> dict[str, Any]:
        columns = self._graph.columns(table)
        if columns is None:
            return {}
        fields = [schema_dataset.SchemaDatasetFacetFields(name) for name in columns]
        return {"schema": schema_dataset.SchemaDatasetFacet(fields, producer=PRODUCER)}

    def _columns(self, ref: str, table: str) -> dict[str, Any]:
        """What its columns are made of (direct), and what decides about its rows (indirect, of the whole table)."""
        traced = self._graph.traced(ref).get(table)
        if traced is None:
            return {}
        direct, indirect = (
            column_lineage_dataset.Transformation("DIRECT"),
            column_lineage_dataset.Transformation("INDIRECT", "FILTER"),
        )
        fields = {
            name: column_lineage_dataset.Fields(
                [
                    column_lineage_dataset.InputField(self._namespace, one.table, one.name, [direct])
                    for one in sorted(origins)
                ]
            )
            for name, origins in traced.columns.items()
        }
        rows = [
            column_lineage_dataset.InputField(self._namespace, one.table, one.name, [indirect])
            for one in sorted(traced.rows)
        ]
        return {"columnLineage": column_lineage_dataset.ColumnLineageDatasetFacet(fields, rows, producer=PRODUCER)}


def send(events: Iterator[RunEvent], to: str) -> int:
    """To an address (``http://…``) or behind the lines of a file; how many. Raises: UserError when it cannot be."""
    import requests

    if to.startswith(("http://", "https://")):
        transport: Transport = HttpTransport(HttpConfig(url=to))
    else:
        transport = FileTransport(FileConfig(log_file_path=to, append=True))
    count = 0
    try:
        for event in events:
            transport.emit(event)
            count += 1
    except (OSError, RuntimeError, requests.RequestException) as error:
        raise UserError(f"{count} events were sent to {to}, then it failed: {error}") from error
    return count


def _event(
    kind: RunState,
    at: float,
    run: Run,
    job: Job,
    inputs: list[InputDataset] | None = None,
    outputs: list[OutputDataset] | None = None,
) -> RunEvent:
    when = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return RunEvent(
        eventTime=when, producer=PRODUCER, run=run, job=job, eventType=kind, inputs=inputs or [], outputs=outputs or []
    )


def _id(*parts: str) -> str:
    """A UUID that is always the same for the same run, task and attempt."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "orch-tui:" + "/".join(parts)))
