"""Actions of runs: starting, watching and stopping them, their history."""

from __future__ import annotations

from orch_tui.tui.actions.base import Action

RUN, VIEW = "Running", "View"

WORKBENCH: tuple[Action, ...] = (
    Action("run.run-all", "R", "Run", "Run all tasks; shows first what would happen.", True, RUN, context="workbench"),
    Action(
        "run.run-part",
        "r",
        "Run part",
        "Run marked tasks, this phase, from this phase on, or what failed; repeat a run as it ran; or resume one.",
        True,
        RUN,
        context="workbench",
    ),
    Action(
        "run.cancel",
        "X",
        "Stop",
        "Stop the run that is shown, or the task under the cursor; asks first.",
        footer=True,
        group=RUN,
        context="workbench",
    ),
    Action(
        "run.intervene",
        "I",
        "Intervene",
        "Hold or release the run, the phase or the task; skip, try again, mark as done; tasks at once.",
        group=RUN,
        context="workbench",
    ),
    Action(
        "run.log",
        "L",
        "Task log",
        "Open the log of the task under the cursor, full screen.",
        True,
        group=VIEW,
        context="workbench",
    ),
    Action(
        "run.text",
        "t",
        "Text run",
        "Show the configuration that the task under the cursor ran, and what was edited since.",
        group=VIEW,
        context="workbench",
    ),
    Action(
        "run.copy-command",
        "Y",
        "Copy command",
        "Copy the shell command that starts the task under the cursor by hand, as it was started in the run.",
        group=VIEW,
        context="workbench",
    ),
    Action(
        "run.take-over",
        "T",
        "Take over",
        "Go on with the interrupted run that is shown.",
        group=RUN,
        context="workbench",
    ),
    Action(
        "run.watch",
        "w",
        "Run view",
        "Show the newest run, or the plan again instead of it.",
        footer=True,
        group=VIEW,
        context="workbench",
    ),
    Action(
        "run.nested",
        "i",
        "Open nested",
        "Show the run of the nested orchestration under the cursor in a workbench of its own.",
        group=VIEW,
        context="workbench",
    ),
    Action(
        "run.failure",
        "exclamation_mark",
        "Failure",
        "Go to the first failure of the run, and to its task.",
        footer=True,
        group=VIEW,
        context="workbench",
    ),
    Action(
        "run.approval",
        "A",
        "Approval",
        "Go to what the run asks: approve or reject it.",
        group=RUN,
        context="workbench",
    ),
    Action(
        "run.rehearse",
        "W",
        "Rehearse",
        "Walk the flow with assumed outcomes and start nothing: the plan, or the run that is shown.",
        group=RUN,
        context="workbench",
    ),
    Action("run.history", "H", "History", "Show the runs of this orchestration.", True, VIEW, context="workbench"),
)
HOME: tuple[Action, ...] = (
    Action("runs.history", "H", "History", "Show the runs of the orchestration.", group=VIEW, context="home"),
)
LIVE: tuple[Action, ...] = (
    Action(
        "live.next-tab",
        "l,right,right_square_bracket",
        "Next tab",
        "Show the next of log, tables and waits; in the log only ] does.",
        group=VIEW,
    ),
    Action(
        "live.previous-tab",
        "h,left,left_square_bracket",
        "Tab before",
        "Show the tab before; in the log only [ does.",
        group=VIEW,
    ),
    Action(
        "live.all-tasks",
        "a",
        "All tasks",
        "Show the logs of all tasks of the run as one, named line by line; again for the one under the cursor.",
        True,
        VIEW,
    ),
)
FAILURE: tuple[Action, ...] = (
    Action("failure.edit", "e", "Configuration", "Edit the configuration of the task that failed first.", True, RUN),
    Action(
        "failure.continue",
        "c",
        "Continue",
        "Run what did not succeed again and reuse the rest; shows first what would happen.",
        True,
        RUN,
    ),
    Action("failure.accept", "a", "Accept", "Publish what a check refused, as it is; asks for a note.", True, RUN),
    Action("failure.discard", "x", "Discard", "Drop what a check refused; asks for a note.", True, RUN),
    Action("failure.log", "l", "Log", "Open the log of the task that failed first.", True, RUN),
    Action(
        "failure.text",
        "t",
        "Text run",
        "Show the configuration that the failed task ran, and what was edited since.",
        group=VIEW,
    ),
    Action(
        "failure.copy-command",
        "y,Y",
        "Copy command",
        "Copy the shell command that starts the failed task by hand, as it was started in the run.",
        True,
        VIEW,
    ),
)
APPROVAL: tuple[Action, ...] = (
    Action("approval.approve", "a", "Approve", "Fill in what is asked and let the run go on.", True, RUN),
    Action("approval.reject", "x", "Reject", "Reject it: the task fails; asks for a reason.", True, RUN),
)
RUN_PART: tuple[Action, ...] = (
    Action("run-part.all", "a", "Everything", "Run all tasks.", group=RUN),
    Action("run-part.tasks", "m", "Marked tasks", "Run the marked tasks, or the one under the cursor.", group=RUN),
    Action("run-part.phase", "p", "This phase", "Run the phase under the cursor.", group=RUN),
    Action("run-part.from", "f", "From here on", "Run this phase and all after it.", group=RUN),
    Action("run-part.failed", "l", "Failed tasks", "Run what failed in the last run.", group=RUN),
    Action("run-part.changed", "s", "What is stale", "Run what is stale, and reuse the rest.", group=RUN),
    Action("run-part.as-it-ran", "i", "As it ran", "Repeat the run with its texts, variables and tables.", group=RUN),
    Action("run-part.shadow", "d", "Shadow", "The same, publish nothing, and show what would differ.", group=RUN),
    Action("run-part.resume", "r", "Resume", "Go on with the interrupted run.", group=RUN),
    Action("run-part.cancel", "escape", "Close", "Close and start nothing.", group=RUN, footer=True),
)
CHECKS: tuple[Action, ...] = (Action("check-history.close", "escape", "Close", "Back to the history.", True, VIEW),)
SHADOW: tuple[Action, ...] = (
    Action("shadow.open", "enter,o", "Open", "Show the table as it is published.", True, VIEW),
    Action("shadow.close", "escape", "Close", "Close it; orch-tui diff TABLE --shadow RUN shows rows.", True, VIEW),
)
INTERVENE: tuple[Action, ...] = (
    Action("intervene.hold-run", "h", "Hold run", "Hold or release the run.", group=RUN),
    Action("intervene.hold-phase", "p", "Hold phase", "Hold or release the phase under the cursor.", group=RUN),
    Action("intervene.hold-task", "b", "Hold task", "Hold or release the task under the cursor.", group=RUN),
    Action("intervene.retry", "r", "Try again", "Try the task again now, within this run.", group=RUN),
    Action("intervene.mark-done", "d", "Mark as done", "Let the failed task count as done.", group=RUN),
    Action("intervene.skip", "s", "Skip", "Go on without the task.", group=RUN),
    Action("intervene.approve", "a", "Approve", "Approve what the task asks.", group=RUN),
    Action("intervene.reject", "x", "Reject", "Reject what the task asks.", group=RUN),
    Action("intervene.limit", "n", "Tasks at once", "Change how many tasks may run at once.", group=RUN),
    Action("intervene.cancel", "escape", "Close", "Close and do nothing.", group=RUN, footer=True),
)
PREVIEW: tuple[Action, ...] = (
    Action("run-preview.start", "enter", "Start", "Start the run as it is shown.", True, RUN),
    Action("run-preview.values", "v", "Values", "Give variables other values, for this run alone.", True, RUN),
    Action("run-preview.cancel", "escape", "Leave", "Start nothing.", True, RUN),
    Action("run-preview.down", "down,j", "Down", "Look at the next task.", group=VIEW),
    Action("run-preview.up", "up,k", "Up", "Look at the task before.", group=VIEW),
)
HISTORY: tuple[Action, ...] = (
    Action("history.open", "enter,o", "Open", "Show the run in the workbench, read only.", True, VIEW),
    Action("history.compare", "c", "Compare", "Compare with the marked run, or with the one before.", True, VIEW),
    Action("history.mark", "space", "Mark", "Mark the run, to compare or to run it again.", True, VIEW),
    Action("history.mark-range", "V", "Mark range", "Mark all from the last mark to the cursor.", group=VIEW),
    Action("history.mark-all", "asterisk", "Mark all", "Mark all that are shown; again to unmark them.", group=VIEW),
    Action(
        "history.rerun",
        "R",
        "Run again",
        "Run again what did not succeed in the run, or in the marked ones; shows first what would happen.",
        True,
        RUN,
    ),
    Action(
        "history.as-it-ran",
        "i",
        "As it ran",
        "Repeat the run with its own texts, variables and versions of tables; or as a shadow that publishes nothing.",
        group=RUN,
    ),
    Action("history.filter", "slash", "Find", "Show only the runs that words and comparisons hold of.", True, VIEW),
    Action("history.grep", "L,f3", "All logs", "Find text in the logs of all these runs.", True, VIEW),
    Action("history.note", "n", "Note", "Note something on the run; it is kept with it.", True, VIEW),
    Action("history.everything", "a", "All", "Show the runs of all orchestrations, or of this one again.", True, VIEW),
    Action("history.checks", "K", "Checks", "Show what each check found in the last runs.", group=VIEW),
    Action("history.rehearse", "W", "Rehearse", "Walk the run again by today's rules, and start nothing.", True, RUN),
    Action("history.leave", "escape", "Back", "Back to where you were.", True, VIEW),
    Action("history.prune", "D", "Delete old", "Delete the runs that the project does not keep; asks first.", True),
    Action("history.reload", "r", "Reload", "Read the runs again.", group=VIEW),
)
RERUN: tuple[Action, ...] = (
    Action("rerun.start", "enter", "Start", "Start what can be run again.", True, RUN),
    Action("rerun.cancel", "escape", "Leave", "Start nothing.", True, RUN),
)
GREP: tuple[Action, ...] = (
    Action("grep.open", "enter,o", "Open", "Open the log at the line.", True, VIEW),
    Action("grep.search", "slash", "Search", "Type another text, or a / and a regular expression.", True, VIEW),
    Action("grep.run", "w", "Run", "Show the run of the line in the workbench.", True, VIEW),
    Action("grep.leave", "escape", "Back", "Back to where you were.", True, VIEW),
)
DIALOGS: tuple[Action, ...] = (
    Action("variables.accept", "ctrl+o,f10", "Accept", "Take the values.", priority=True, footer=True),
    Action("answer.accept", "ctrl+o,f10", "Approve", "Approve with these values.", priority=True, footer=True),
    Action("answer.cancel", "escape", "Cancel", "Close and leave it open.", priority=True, footer=True),
    Action("variables.cancel", "escape", "Cancel", "Close and start nothing.", priority=True, footer=True),
    Action("compare.edited", "enter,e", "Edited", "Show what was edited in the task's configuration.", True),
    Action("compare.leave", "escape", "Back", "Back to the history.", True),
)
ACTIONS: tuple[Action, ...] = (
    *WORKBENCH,
    *HOME,
    *LIVE,
    *FAILURE,
    *APPROVAL,
    *RUN_PART,
    *SHADOW,
    *CHECKS,
    *INTERVENE,
    *PREVIEW,
    *HISTORY,
    *RERUN,
    *GREP,
    *DIALOGS,
)
