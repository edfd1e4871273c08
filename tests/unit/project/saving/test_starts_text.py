"""Edited schedules, triggers and alerts in the text of a file: only what changed is different."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from orch_tui.model.orchestration.alerts import AlertKind, AlertRule, Channel, ChannelKind
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.orchestration.starts import CatchUp, IfRunning, Schedule
from orch_tui.model.orchestration.triggers import AfterOutcome, Trigger, TriggerKind
from orch_tui.project.definitions.orchestrations import decode_orchestration
from orch_tui.project.files.source import DefinitionError, parse_toml
from orch_tui.project.saving.orchestration_text import Composed, Way, compose, new_text
from orch_tui.project.toml.decode import Place

from tests.support.effort import examples

FILE = """\
name = "Campaigns"

# Before work.
[[schedules]]
cron = "0 6 * * *"   # Prague opens at eight
owner = "Eva"        # not ours
enabled = true

# For Asia.
[[schedules]]
cron = "0 22 * * *"
[schedules.variables]
# which part
region = "asia"

[[phases]]
id = "p"
name = "P"
[[phases.tasks]]
id = "t"
configuration = "command/t"

[[triggers]]
files = "in/*.csv"  # from the bank

[[alerts]]
to = "${MAIL}"  # the team
"""
INLINE = 'name = "A"\nschedules = [\n  { cron = "@daily", note = "x" }, # one\n  { cron = "@hourly" },\n]\n'


def read(text: str) -> Orchestration:
    place = Place("a.toml", text)
    value = decode_orchestration(parse_toml(text, "a.toml"), place, "a")
    if place.broken:
        raise DefinitionError(place.problems)
    return value


def composed(text: str, new: Orchestration) -> Composed:
    return compose(text, new, lambda text: (read(text), parse_toml(text, "a.toml")))


def test_an_edited_schedule_keeps_its_comments_and_its_own_keys() -> None:
    # GIVEN
    old = read(FILE)
    first, second = old.schedules
    edited = replace(first, cron="30 5 * * 1-5", enabled=False, catch_up=CatchUp.LAST)

    # WHEN
    text, way = composed(FILE, replace(old, schedules=(edited, second)))

    # THEN
    assert way is Way.IN_PLACE
    assert text == FILE.replace(
        'cron = "0 6 * * *"   # Prague opens at eight\nowner = "Eva"        # not ours\nenabled = true\n',
        'cron = "30 5 * * 1-5"   # Prague opens at eight\nowner = "Eva"        # not ours\nenabled = false\n'
        'catch_up = "last"\n',
    )


def test_a_new_one_comes_last_and_a_removed_one_leaves_its_comment() -> None:
    # GIVEN
    old = read(FILE)
    new = replace(old, schedules=(old.schedules[1], Schedule("@hourly", jitter=60.0)), triggers=(), alerts=())

    # WHEN
    text, _ = composed(FILE, new)

    # THEN
    assert read(text) == new
    assert "# Before work." in text and "# which part" in text and "[[triggers]]" not in text
    assert text.index("@hourly") > text.index("asia")


def test_schedules_and_phases_are_edited_together() -> None:
    # GIVEN an edit of both, with line ends of Windows
    windows = FILE.replace("\n", "\r\n")
    old = read(windows)
    phase = replace(old.phases[0], name="Other")
    new = replace(old, phases=(phase,), schedules=(*old.schedules, Schedule("@weekly")))

    # WHEN
    text, way = composed(windows, new)

    # THEN
    assert way is Way.BY_BLOCKS and read(text) == new
    assert "\n" not in text.replace("\r\n", "") and "# For Asia." in text


def test_inline_tables_stay_inline() -> None:
    # GIVEN
    old = read(INLINE)

    # WHEN one of them is edited
    new = replace(old, schedules=(old.schedules[0], replace(old.schedules[1], enabled=False)))
    text, _ = composed(INLINE, new)

    # THEN
    assert text == INLINE.replace('"@hourly" }', '"@hourly", enabled = false }')

    # WHEN one goes, and all do
    less, _ = composed(INLINE, replace(old, schedules=old.schedules[:1]))
    none, _ = composed(INLINE, replace(old, schedules=()))

    # THEN the key that is not ours stays with its table, and the comment in any case
    assert 'note = "x"' in less and "# one" in less and "# one" in none and "cron" not in none


def test_a_new_file_has_them_all() -> None:
    value = read(FILE)
    assert read(new_text(value)) == value


CRONS = st.sampled_from(["@daily", "30 5 * * 1-5", "*/5 * * * *", "0 0 1 1 *", "15 3 * * 6"])
VARIABLES = st.dictionaries(st.sampled_from(["region", "day", "mode"]), st.sampled_from(["eu", "a b", '"', "# x"]))
SCHEDULES = st.builds(
    Schedule,
    CRONS,
    enabled=st.booleans(),
    timezone=st.sampled_from(["", "Europe/Prague", "UTC"]),
    variables=VARIABLES,
    catch_up=st.sampled_from(CatchUp),
    catch_up_within=st.sampled_from([None, 3600.0]),
    if_running=st.sampled_from(IfRunning),
    jitter=st.sampled_from([0.0, 90.0]),
)
TRIGGERS = st.builds(
    Trigger,
    kind=st.just(TriggerKind.FILES),
    id=st.just(""),
    what=st.sampled_from(["in/*.csv", "x"]),
    stable=st.sampled_from([10.0, 3.0]),
    outcome=st.sampled_from(AfterOutcome),
    variables=VARIABLES,
)
ALERTS = st.builds(
    AlertRule,
    kinds=st.sampled_from([(AlertKind.FAILED,), (AlertKind.FIRST_FAILURE, AlertKind.RECOVERED)]),
    channels=st.sampled_from([(Channel(ChannelKind.ADDRESS, "${A}"),), (Channel(ChannelKind.COMMAND, "x | y"),)]),
    slow=st.sampled_from([50.0, 20.0]),
)


@st.composite
def states(draw: st.DrawFn) -> Orchestration:
    schedules = draw(st.lists(SCHEDULES, max_size=4))
    triggers = draw(st.lists(TRIGGERS, max_size=3))
    return Orchestration(
        "a",
        "A",
        schedules=tuple(replace(one, id=f"s{number}") for number, one in enumerate(schedules)),
        triggers=tuple(replace(one, id=f"t{number}") for number, one in enumerate(triggers)),
        alerts=tuple(draw(st.lists(ALERTS, max_size=3))),
    )


@settings(max_examples=examples(60), deadline=None)
@given(st.sampled_from([FILE, INLINE, 'name = "A"\n', "schedules = []\n"]), st.lists(states(), min_size=1, max_size=3))
def test_any_edits_in_a_row_read_back_and_keep_every_comment(text: str, wanted: list[Orchestration]) -> None:
    comments = [word for word in ("# Before work.", "# not ours", "# the team", "# one") if word in text]
    for one in wanted:
        # GIVEN a file, WHEN all that starts it is another
        old = read(text)
        new = replace(old, schedules=one.schedules, triggers=one.triggers, alerts=one.alerts)
        text = composed(text, new).text
        # THEN
        assert read(text) == new
        assert all(comment in text for comment in comments)


def test_what_cannot_be_written_is_refused() -> None:
    old = read(FILE)
    with pytest.raises(ValueError, match="cannot be"):
        composed(FILE, replace(old, schedules=(Schedule("never"),)))
