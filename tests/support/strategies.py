"""Hypothesis strategies for orchestrations and for random edits of them, shared by the tests of model and files.

``orchestrations()`` draws valid values: unique ids, phase names that a reader can tell apart, and texts that try to
break out (quotes, brackets, escape sequences, line ends, emoji). ``edit_sequences()`` draws edits as small values
which ``apply_edit`` plays on whatever orchestration is at hand, so that sequences shrink and never go stale.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

from hypothesis import strategies as st
from orch_tui.model.components.component import DATA_FLOW_ORDER, KEBOOLA_ORDER, ComponentType
from orch_tui.model.edits import edits
from orch_tui.model.edits.edits import EditError, name_key
from orch_tui.model.orchestration.orchestration import Orchestration, Phase, Task, TaskOptions, Variable
from orch_tui.model.orchestration.retry import Backoff, Retry, RetryOn
from orch_tui.model.orchestration.rules import END, After, EndAs, Rule

TRICKY = (
    "[bold]not markup[/bold]",
    'quotes " \' """ and \\ backslash',
    "[[phases]]",
    "two\nlines",
    "tab\there",
    "\x1b[31mred\x1b]0;title\x07",
    "🚀 rocket 👩‍🚀",
    "Çà et là",
    "数据管道",
    "# not a comment",
    "key = 1",
    "${SECRET} {{ variable }}",
    "x" * 150,
)
COMPONENTS: dict[str, ComponentType] = {
    "file-extractor": ComponentType.EXTRACTOR,
    "sqlite-extractor": ComponentType.EXTRACTOR,
    "sql": ComponentType.TRANSFORMATION,
    "sqlite-writer": ComponentType.WRITER,
    "command": ComponentType.APPLICATION,
    "orchestration": ComponentType.OTHER,
}
UNKNOWN_COMPONENT = "gone-component"


def type_of(ref: str) -> ComponentType | None:
    """The type of the component of a drawn configuration; None for the component that no project has."""
    return COMPONENTS.get(ref.partition("/")[0])


@cache
def texts(max_size: int = 8) -> st.SearchStrategy[str]:
    """Any text that TOML can hold, often a tricky one; it may be empty."""
    plain = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=max_size)
    return st.sampled_from(TRICKY) | plain


@cache
def names() -> st.SearchStrategy[str]:
    """Names as a file may have them: not blank, no blanks around, but possibly with line ends and escapes."""
    return texts().map(str.strip).filter(lambda text: bool(name_key(text)))


@cache
def ids() -> st.SearchStrategy[str]:
    """Ids as the program makes them or as people write them."""
    # Not from_regex: it takes half of the time of a test.
    return st.builds(str.__add__, st.sampled_from("abXY01"), st.text("abcXY01_.-", max_size=5))


@cache
def configurations() -> st.SearchStrategy[str]:
    """References to configurations, of known components and of one that is unknown."""
    return st.builds(
        "{}/{}".format,
        st.sampled_from([*COMPONENTS, UNKNOWN_COMPONENT]),
        st.sampled_from(["campaigns", "new-recipients", "email_index", "x.1", "A"]),
    )


@cache
def _seconds() -> st.SearchStrategy[float]:
    """Halves: every one of them survives being written as "1h30m" or "0.5s"."""
    return st.integers(1, 20_000).map(lambda half: half / 2)


@cache
def retries() -> st.SearchStrategy[Retry]:
    totals = st.none() | _seconds().filter(bool)
    return st.builds(Retry, st.integers(1, 9), _seconds(), st.sampled_from(Backoff), totals)


@cache
def task_options() -> st.SearchStrategy[TaskOptions]:
    """Options with any of the fields set; often none at all, as in most files."""
    some = st.builds(
        TaskOptions,
        retry=st.none() | retries(),
        timeout=st.none() | _seconds(),
        delay=st.none() | _seconds(),
        grace=st.none() | _seconds(),
        max_log_mb=st.none() | _seconds(),
        memory=st.none() | st.integers(10_000_000, 2**40),
    )
    return st.just(TaskOptions()) | some


@cache
def variable_names() -> st.SearchStrategy[str]:
    return st.text("abcxyz_", min_size=1, max_size=4)


@cache
def variable_values() -> st.SearchStrategy[dict[str, str]]:
    return st.dictionaries(variable_names(), texts(10), max_size=3)


@cache
def variables() -> st.SearchStrategy[tuple[Variable, ...]]:
    one = st.builds(Variable, variable_names(), st.none() | texts(10), texts(10))
    return st.lists(one, max_size=3, unique_by=lambda variable: variable.name).map(tuple)


@cache
def limits() -> st.SearchStrategy[int | None]:
    return st.none() | st.integers(1, 20)


@cache
def tasks() -> st.SearchStrategy[Task]:
    """Tasks with any fields; ``orchestrations`` gives them ids that differ."""
    return st.builds(
        Task,
        id=ids(),
        configuration=configurations(),
        enabled=st.booleans(),
        continue_on_failure=st.booleans(),
        options=task_options(),
        max_parallel=limits(),
        variables=st.just({}) | variable_values(),
    )


@cache
def rules() -> st.SearchStrategy[tuple[Rule, ...]]:
    """Most phases have none, as in life; what they say need not make sense."""
    one = st.builds(
        Rule,
        goto=st.just(END) | ids(),
        when=st.none() | texts().filter(str.strip),
        on=st.sampled_from(After),
        name=texts(),
        ends_as=st.none() | st.sampled_from(EndAs),
    )
    return st.just(()) | st.lists(one, max_size=3).map(tuple)


@cache
def _phase_names() -> st.SearchStrategy[str]:
    return st.sampled_from([kind.phase_name for kind in ComponentType]) | names()


@cache
def _unlike(
    elements: st.SearchStrategy[str], least: int, most: int, key: Callable[[str], str]
) -> st.SearchStrategy[list[str]]:
    """Texts that differ in their keys. Strategies are cached: to build them costs more than to draw from them."""
    return st.lists(elements, min_size=least, max_size=most, unique_by=key)


@st.composite
def orchestrations(
    draw: st.DrawFn, min_tasks: int = 0, max_tasks: int = 8, min_phases: int = 0, max_phases: int = 5
) -> Orchestration:
    """A valid orchestration; phases may be empty."""
    least = max(min_phases, 1 if min_tasks else 0)
    phase_names = draw(_unlike(_phase_names(), least, max_phases, name_key))
    phase_ids = draw(_unlike(ids(), len(phase_names), len(phase_names), str.lower))
    task_ids = draw(_unlike(ids(), min_tasks, max_tasks if phase_names else 0, str.lower))
    places = st.integers(0, len(phase_names) - 1) if phase_names else st.nothing()
    members: list[list[Task]] = [[] for _ in phase_names]
    for task_id in task_ids:
        members[draw(places)].append(replace(draw(tasks()), id=task_id))
    return Orchestration(
        id=draw(ids()),
        name=draw(names()),
        description=draw(texts()),
        phases=tuple(
            Phase(phase_id, name, tuple(inside), draw(limits()), draw(rules()))
            for phase_id, name, inside in zip(phase_ids, phase_names, members, strict=True)
        ),
        max_parallel=draw(limits()),
        defaults=draw(task_options()),
        variables=draw(variables()),
    )


@dataclass(frozen=True)
class Edit:
    """An edit in the abstract: ``picks`` choose tasks or phases by position, modulo how many there are."""

    kind: str
    picks: tuple[int, ...]
    name: str
    number: int
    flag: bool
    refs: tuple[str, ...]
    options: TaskOptions
    variables: tuple[Variable, ...]

    def tasks(self, orch: Orchestration) -> list[str]:
        """Ids of the tasks that are picked; none when there are none."""
        there = [task.id for task in orch.tasks()]
        return [there[pick % len(there)] for pick in self.picks] if there else []

    def phases(self, orch: Orchestration) -> list[str]:
        """Ids of the phases that are picked; an id that nobody has when there are no phases."""
        there = orch.phases
        return [there[pick % len(there)].id for pick in self.picks] if there else ["no-such-phase"]


def _neighbours(edit: Edit, orch: Orchestration) -> list[str]:
    """Like a range of phases that was marked: the first that is picked and the one behind it."""
    following = replace(edit, picks=(edit.picks[0] + 1,))
    return [*edit.phases(orch), *following.phases(orch)]


def _task(edit: Edit, orch: Orchestration) -> str:
    return next(iter(edit.tasks(orch)), "no-such-task")


def _set_options(orch: Orchestration, edit: Edit) -> Orchestration:
    values = {variable.name: variable.value or "" for variable in edit.variables}
    limit = edit.number if edit.number > 0 else None
    return edits.set_options(orch, edit.tasks(orch), options=edit.options, variables=values, max_parallel=limit)


def _move_phase(orch: Orchestration, edit: Edit) -> Orchestration:
    first, last = edit.phases(orch)[0], edit.phases(orch)[-1]
    return edits.move_phase(orch, first, before=last) if edit.flag else edits.move_phase(orch, first, after=last)


def _group(orch: Orchestration, edit: Edit) -> Orchestration:
    return edits.group_by_type(orch, type_of, KEBOOLA_ORDER if edit.flag else DATA_FLOW_ORDER)


def _edited_rule(edit: Edit, orch: Orchestration) -> Rule:
    """What it says need not make sense, but no two edits write the same."""
    goto = END if edit.number % 3 == 0 else edit.phases(orch)[-1]
    when = f"vars.day > {edit.number} || '# no comment' == \"{edit.refs[0]}\"" if edit.flag else None
    ends_as = EndAs.WARNING if goto == END and edit.flag else None
    return Rule(goto, when, [*After][edit.number % 3], edit.name, ends_as)


retry_failures = st.one_of(
    st.sampled_from(["timeout", "lost", "signal", "user", "application", "log_limit"]),
    st.integers(1, 255).map("exit: {}".format),
    st.tuples(
        st.sampled_from(["contains", "equals"]),
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1).filter(lambda text: text.strip()),
    ).map(": ".join),
).map(RetryOn.parse)
"""Failures that ``on`` of a retry can have."""
# Few and fixed: orchestrations() draws the many, and a sequence of edits must stay cheap to draw.
EDITED_OPTIONS = (
    TaskOptions(),
    TaskOptions(retry=Retry(3), timeout=1800.0),
    TaskOptions(retry=Retry(1, 0.5, Backoff.DOUBLING, 3600.0), delay=0.5, grace=5.0, max_log_mb=1.5),
)
EDITED_VARIABLES = (
    (),
    (Variable("day", "2026-11-22"),),
    (Variable("day"), Variable("where", 'a "quoted" [place]\n', "Where to.")),
)

# By what each kind may do to the set of tasks.
ADDING: dict[str, Callable[[Orchestration, Edit], Orchestration]] = {
    "add tasks": lambda o, e: edits.add_tasks(o, e.refs, e.phases(o)[0] if e.flag else None, {e.refs[0]: e.name}),
    "duplicate tasks": lambda o, e: edits.duplicate_tasks(o, e.tasks(o)),
}
REMOVING: dict[str, Callable[[Orchestration, Edit], Orchestration]] = {
    "remove tasks": lambda o, e: edits.remove_tasks(o, e.tasks(o)),
    "remove phase": lambda o, e: edits.remove_phase(o, e.phases(o)[0], only_if_empty=e.flag),
}
KEEPING: dict[str, Callable[[Orchestration, Edit], Orchestration]] = {
    "enable": lambda o, e: edits.set_enabled(o, e.tasks(o), e.flag),
    "continue on failure": lambda o, e: edits.set_continue_on_failure(o, e.tasks(o), e.flag),
    "options": _set_options,
    "configuration": lambda o, e: edits.set_configuration(o, _task(e, o), e.refs[0]),
    "replace configuration": lambda o, e: edits.replace_configuration(o, e.refs[0], e.refs[-1]),
    "new phase": lambda o, e: edits.new_phase(o, e.name, e.number if e.flag else None),
    "rename phase": lambda o, e: edits.rename_phase(o, e.phases(o)[0], e.name),
    "limit of phase": lambda o, e: edits.set_phase_max_parallel(o, e.phases(o)[0], e.number),
    "drop empty phases": lambda o, e: edits.drop_empty_phases(o),
    "place phase": lambda o, e: edits.move_phase(o, e.phases(o)[0], e.number),
    "move phase": _move_phase,
    "move phase by": lambda o, e: edits.move_phase_by(o, e.phases(o)[0], e.number),
    "move to phase": lambda o, e: edits.move_tasks(
        o, e.tasks(o), phase_id=e.phases(o)[0], position=e.number if e.flag else None
    ),
    "move to name": lambda o, e: edits.move_tasks(o, e.tasks(o), phase_name=e.name),
    "move by": lambda o, e: edits.move_task_by(o, _task(e, o), e.number),
    "move across": lambda o, e: edits.move_task_across(o, _task(e, o), 1 if e.flag else -1),
    "merge into phase": lambda o, e: edits.merge_phases(o, _neighbours(e, o), into_id=e.phases(o)[-1]),
    "merge into name": lambda o, e: edits.merge_phases(o, _neighbours(e, o), into_name=e.name),
    "group": _group,
    "add rule": lambda o, e: edits.add_rule(o, e.phases(o)[0], _edited_rule(e, o), e.picks[0] if e.flag else None),
    "change rule": lambda o, e: edits.change_rule(o, e.phases(o)[0], e.picks[-1] % 2, _edited_rule(e, o)),
    "remove rule": lambda o, e: edits.remove_rule(o, e.phases(o)[0], e.picks[-1] % 2),
    "move rule": lambda o, e: edits.move_rule(o, e.phases(o)[0], e.picks[-1] % 3, e.number),
    "rename": lambda o, e: edits.rename(o, e.name),
    "describe": lambda o, e: edits.describe(o, e.name),
    "variables": lambda o, e: edits.set_variables(o, e.variables),
    "defaults": lambda o, e: edits.set_defaults(o, e.options),
    "limit": lambda o, e: edits.set_max_parallel(o, e.number),
}
KINDS = {**ADDING, **REMOVING, **KEEPING}


def play_edit(orch: Orchestration, edit: Edit) -> Orchestration:
    """The orchestration after the edit. Raises: EditError when it is refused."""
    return KINDS[edit.kind](orch, edit)


def apply_edit(orch: Orchestration, edit: Edit) -> Orchestration:
    """The orchestration after the edit, or as it was when the edit is refused."""
    try:
        return play_edit(orch, edit)
    except EditError:
        return orch


def single_edits(kinds: tuple[str, ...] = tuple(KINDS)) -> st.SearchStrategy[Edit]:
    typed = st.sampled_from(
        ["Second Transformation Phase", "second transformation phase", "Writer phase", "extractor PHASE", "B", "", " "]
    )
    return st.builds(
        Edit,
        kind=st.sampled_from(kinds),
        picks=st.lists(st.integers(0, 7), min_size=1, max_size=3).map(tuple),
        name=typed | texts(),
        number=st.integers(-2, 5),
        flag=st.booleans(),
        refs=st.lists(configurations(), min_size=1, max_size=3).map(tuple),
        options=st.sampled_from(EDITED_OPTIONS),
        variables=st.sampled_from(EDITED_VARIABLES),
    )


def edit_sequences(max_size: int = 12) -> st.SearchStrategy[list[Edit]]:
    """Edits to play one after another with ``apply_edit``; some of them will be refused."""
    return st.lists(single_edits(), max_size=max_size)
