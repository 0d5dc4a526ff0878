"""The planner, as examples and as properties."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bluegreen.rollout import strategy as strategies
from bluegreen.rollout.model import COLORS, Kind, Phase, Recorded, Step, Strategy, Weights, other
from bluegreen.rollout.plan import can_roll_back, duration, make_plan, plan_lines

RELEASES = {"blue": "v1", "green": "v2"}
CANARY = strategies.steps([(10, 300), (50, 60)])


def recorded(live="blue", previous=None, release=None):
    return Recorded(live, RELEASES, previous, release)


GATES = {phase: ["target health", "http /healthz"] for phase in (Phase.BEFORE, Phase.HOLD, Phase.BAKE)}


def planned(live, record, target, strategy=CANARY, release=None, warm=False, bake=0):
    return make_plan(live, record, target, release or RELEASES[target], strategy, bake, warm=warm)


def weights_of(plan):
    return [step.weight_percent for step in plan.steps]


def test_a_promotion_takes_every_step_and_then_all():
    plan = planned(Weights.all_on("blue"), recorded(), "green", bake=600)
    assert (plan.kind, weights_of(plan), plan.bake_seconds, plan.analysis) == (
        Kind.PROMOTION,
        [10, 50, 100],
        600,
        True,
    )
    assert plan.restore_to == Weights.all_on("blue")


def test_the_first_start_is_one_write():
    plan = planned(Weights(), None, "blue", bake=600)
    assert (plan.kind, weights_of(plan), plan.bake_seconds) == (Kind.FIRST, [100], 0)


def test_a_lost_reply_of_the_first_start_needs_nothing():
    assert planned(Weights.all_on("blue"), None, "blue").kind is Kind.NOTHING


def test_nothing_to_do_writes_nothing():
    plan = planned(Weights.all_on("blue"), recorded("blue"), "blue")
    assert (plan.kind, plan.steps) == (Kind.NOTHING, ())


def test_a_killed_promotion_resumes_at_the_step_it_reached():
    plan = planned(Weights.split("green", 50), recorded("blue"), "green")
    assert (plan.kind, weights_of(plan)) == (Kind.RESUME, [50, 100])
    assert plan.restore_to == Weights.all_on("blue"), "a half-way mix is not a state to go back to"


def test_a_killed_promotion_that_is_reverted_goes_straight_back():
    plan = planned(Weights.split("green", 50), recorded("blue"), "blue")
    assert (plan.kind, weights_of(plan), plan.analysis) == (Kind.HEAL, [100], False)


def test_a_kill_after_the_last_write_still_bakes():
    plan = planned(Weights.all_on("green"), recorded("blue"), "green", bake=60)
    assert (plan.kind, weights_of(plan), plan.bake_seconds) == (Kind.RESUME, [100], 60)


def test_a_rollback_is_one_write_without_holds_or_bake():
    plan = planned(Weights.all_on("green"), recorded("green", "blue", "v1"), "blue", warm=True, bake=600)
    assert (plan.kind, weights_of(plan), plan.bake_seconds, plan.analysis) == (Kind.ROLLBACK, [100], 0, False)


def test_another_release_is_no_rollback():
    went = Weights.all_on("green"), recorded("green", "blue", "v0")
    assert planned(*went, "blue", warm=True).kind is Kind.PROMOTION


def test_a_late_rollback_is_one_write_too_once_the_color_is_back():
    plan = planned(Weights.all_on("green"), recorded("green", "blue", "v1"), "blue", warm=False)
    assert (plan.kind, weights_of(plan), plan.warm) == (Kind.ROLLBACK, [100], False)


def test_with_nobody_live_traffic_is_not_split_with_nobody():
    assert weights_of(planned(Weights(), recorded("blue"), "green")) == [100]


percents = st.integers(0, 100)
weights = st.builds(lambda blue, share: Weights(blue, (100 - blue) * share // 100), percents, percents)
rising = st.lists(st.integers(1, 99), unique=True, max_size=6).map(sorted)
found = st.builds(lambda rise: Strategy("steps", tuple(Step(weight, 1) for weight in rise)), rising)
records = st.none() | st.builds(
    Recorded,
    st.sampled_from(COLORS),
    st.just(RELEASES),
    st.none() | st.sampled_from(COLORS),
    st.none() | st.sampled_from(["v1", "v2", "v3"]),
)


@given(weights, records, st.sampled_from(COLORS), found, st.booleans())
def test_every_plan_ends_on_its_target_and_never_turns_back(live, record, target, strategy, warm):
    plan = planned(live, record, target, strategy, warm=warm)
    rise = weights_of(plan)
    assert rise == sorted(set(rise))
    assert all(weight >= live.of(target) for weight in rise)
    assert (plan.kind is Kind.NOTHING) == (rise == [])
    if rise:
        assert rise[-1] == 100
    else:
        assert live.live_color == target


@given(weights, records, st.sampled_from(COLORS), found, st.booleans())
def test_a_failure_never_goes_to_the_color_that_was_to_be_promoted(live, record, target, strategy, warm):
    plan = planned(live, record, target, strategy, warm=warm)
    if record is not None and record.live_color == other(target):
        assert plan.restore_to.of(target) == 0
    assert plan.restore_to.elsewhere in (0, 100)


def test_the_plan_reads_as_people_expect():
    lines = plan_lines("green", strategies.canary(10, hold_seconds=300), GATES, 600, 100)
    assert lines == [
        "10 % green, 90 % blue for 5 min; gates: target health, http /healthz",
        "100 % green, bake for 10 min; gates: target health, http /healthz",
    ]
    assert plan_lines("blue", strategies.all_at_once(), {Phase.BEFORE: ["target health"]}, 0, 100) == [
        "100 % blue; gates: target health"
    ]


def test_a_pause_below_the_first_step_is_a_step_of_its_own():
    assert plan_lines("green", strategies.canary(10, hold_seconds=300), {}, 600, 5)[0].startswith(
        "5 % green, 95 % blue"
    )
    assert plan_lines("green", strategies.all_at_once(), {}, 0, 20)[0].startswith("20 % green, 80 % blue")


def test_times_read_as_people_say_them():
    told = {0: "0 s", 2.5: "2.5 s", 90: "1 min 30 s", 300: "5 min", 5400: "1 h 30 min", 86_400: "24 h"}
    assert {seconds: duration(seconds) for seconds in told} == told


def test_without_a_record_nothing_is_split_with_a_color_that_serves_nobody():
    strategy = strategies.canary(1, hold_seconds=1)
    plan = make_plan(Weights(0, 1), None, "green", RELEASES["green"], strategy, 0, warm=False)
    assert [step.weight_percent for step in plan.steps] == [100]


@given(weights, records, st.integers(0, 99), st.sampled_from(COLORS), found, st.integers(1, 100))
def test_a_color_that_gets_more_is_made_ready_and_has_proved_itself_or_does(
    live, record, paused, target, strategy, percent
):
    record = record and replace(record, paused_percent=paused)
    plan = make_plan(live, record, target, RELEASES[target], strategy, 0, warm=False, promote_to_percent=percent)
    for color in COLORS:
        most = max((Weights.split(target, step.weight_percent).of(color) for step in plan.steps), default=0)
        if most > live.of(color):
            assert color in plan.rising
            proved = record is not None and (
                color == record.live_color or can_roll_back(record, color, RELEASES[color])
            )
            without_a_record = record is None and color != target and live.of(color) > 0
            assert proved or without_a_record or plan.kind is Kind.FIRST or (plan.analysis and color == target)


@given(weights, records, st.integers(0, 99), st.sampled_from(COLORS), found, st.integers(1, 99))
def test_a_pause_ends_where_it_shall_whoever_remembers_it(live, record, paused, target, strategy, percent):
    record = record and replace(record, paused_percent=paused)
    plan = make_plan(live, record, target, RELEASES[target], strategy, 0, warm=False, promote_to_percent=percent)
    assert plan.goal in (Weights.all_on(target), Weights.split(target, percent))
    if record is not None and record.live_color != target and not can_roll_back(record, target, RELEASES[target]):
        assert plan.goal == Weights.split(target, percent)
