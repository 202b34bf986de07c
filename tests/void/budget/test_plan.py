"""Plans keep their budget, take the fastest way that does, and say what else would be needed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from openvoid.core.errors import OpenVoidError  # noqa: E402
from openvoid.void.budget import cost  # noqa: E402
from openvoid.void.budget.arrangements import (  # noqa: E402
    Machine,
    grids,
    text_ways,
    tile_side,
    transformer_ways,
    vae_ways,
)
from openvoid.void.budget.cost import NOMINAL  # noqa: E402
from openvoid.void.budget.plan import Plan, Work, choose_device, plan_for  # noqa: E402
from openvoid.void.model import codec  # noqa: E402
from openvoid.void.model.parts import FULL_SIZE  # noqa: E402
from tests.void import shapes  # noqa: E402


def planned(vram: str, work: Work = shapes.SHORT, **given: Any) -> Plan:
    """For full-size weights on a GPU that is not there."""
    words = {"free_gib": 80.0, "host_free_gib": 64.0, "speed": NOMINAL} | given
    return plan_for(vram, FULL_SIZE, work, "cuda", **words)


@settings(deadline=None, max_examples=40)
@given(
    vram=st.floats(2.0, 60.0).map(lambda gib: f"{gib:.2f}"),
    work=st.sampled_from([shapes.SHORT, shapes.LONG]),
    branches=st.sampled_from([1, 2]),
    host=st.sampled_from([8.0, 64.0]),
)
def test_a_plan_keeps_its_budget_or_names_the_least(
    vram: str, work: Work, branches: int, host: float
) -> None:
    work = replace(work, branches=branches)
    try:
        plan = planned(vram, work, host_free_gib=host)
    except OpenVoidError as error:
        least = float(error.mend.split()[1])
        assert least > float(vram)
        assert planned(str(least), work, host_free_gib=host).peak_gib <= least
        return
    assert plan.peak_gib <= float(vram)
    assert plan.least_gib <= plan.peak_gib


@settings(deadline=None, max_examples=25)
@given(low=st.floats(3.2, 40.0), more=st.floats(0.0, 40.0))
def test_more_memory_is_never_slower(low: float, more: float) -> None:
    # what is compared counts fp8 and exact weights as different, so by as much it may be off
    slow, fast = (planned(f"{gib:.2f}", shapes.LONG) for gib in (low, low + more))
    assert fast.time.likely <= slow.time.likely * (1.0 if fast.storage == slow.storage else 1.15)


def test_the_goals_are_kept_by_arithmetic() -> None:
    everything = planned("80")
    assert planned("8").time.likely <= 2 * everything.time.likely
    assert planned("24").time.likely <= 1.1 * everything.time.likely
    long = planned("80", shapes.LONG)
    assert planned("10", shapes.LONG).time.likely <= 2 * long.time.likely
    assert planned("24", shapes.LONG).time.likely <= 1.1 * long.time.likely


def test_little_memory_streams_blocks_much_of_it_does_not() -> None:
    little, much = planned("8"), planned("40")
    assert (little.offload, little.use_stream, little.text) == ("group", True, "group")
    assert little.decode_tiles != (1, 1)
    assert not little.together
    assert (much.offload, much.text, much.decode_tiles) == ("none", "none", (1, 1))
    assert much.together
    assert not planned("16").together
    assert {little.storage, much.storage} == {"bfloat16"}  # exact where that costs next to nothing


def test_fp8_is_chosen_where_it_is_clearly_faster() -> None:
    slow = replace(NOMINAL, copies=2e9)
    assert planned("10", speed=slow).storage == "float8"
    assert planned("24", speed=slow).storage == "bfloat16"
    # too little main memory to page-lock what is streamed
    assert planned("10", host_free_gib=16.0, speed=replace(NOMINAL, copies=8e9)).storage == "float8"
    assert not planned("6", host_free_gib=16.0).pinned
    assert planned("6").pinned


def test_guidance_is_one_batch_where_it_fits() -> None:
    work = replace(shapes.LONG, branches=2, forwards=100)
    assert planned("16", work).branches_at_once == 2
    assert planned("4", work).branches_at_once == 1


def test_cached_features_need_memory_and_every_rank_its_own_main_memory() -> None:
    work = replace(shapes.SHORT, cached=40)
    assert planned("80", work).peaks.denoise > planned("80").peaks.denoise + 7
    with pytest.raises(OpenVoidError, match="or no cached features"):
        planned("8", work)
    assert planned("6", host_free_gib=64.0, ranks=1).pinned
    assert not planned("6", host_free_gib=64.0, ranks=4).pinned


def test_auto_takes_what_is_free() -> None:
    assert planned("auto", free_gib=9.0).budget_gib == 9.0
    assert planned("auto", free_gib=9.0).facts() == planned("9", free_gib=9.0).facts()
    with pytest.raises(OpenVoidError, match=r"--vram: 24 GiB is more than cuda has free, 9\.0 GiB"):
        planned("24", free_gib=9.0)


@pytest.mark.skipif(torch.cuda.is_available(), reason="the GPU would be asked")
def test_auto_needs_a_gpu_to_ask() -> None:
    with pytest.raises(OpenVoidError, match="cannot tell how much memory"):
        planned("auto", free_gib=None)
    assert planned("8", free_gib=None).budget_gib == 8  # planned for another machine
    assert choose_device() == "cpu"


@pytest.mark.parametrize("vram", ["0", "-4", "much", "", "nan", "inf"])
def test_what_is_no_budget_is_refused(vram: str) -> None:
    with pytest.raises(OpenVoidError, match=f"--vram: '{vram}' is no budget"):
        planned(vram)


def test_full_size_weights_without_a_gpu_need_to_be_asked_for() -> None:
    slow = cost.Speed(3e11, 4e9, 4e9)
    with pytest.raises(OpenVoidError, match=r"no GPU .* about 8\.0 h .*--cpu-anyway"):
        plan_for("8", FULL_SIZE, shapes.SHORT, "cpu", speed=slow)
    plan = plan_for("8", FULL_SIZE, shapes.SHORT, "cpu", speed=slow, cpu_anyway=True)
    assert (plan.dtype, plan.offload, plan.budget_gib) == ("bfloat16", "none", None)


def test_tiny_weights_run_anywhere_without_asking() -> None:
    plan = plan_for("8", shapes.TINY, shapes.SMALL, "cpu")
    assert (plan.dtype, plan.storage, plan.offload, plan.text) == (
        "float32",
        "float32",
        "none",
        "none",
    )
    assert plan.decode_tiles == (1, 1)
    assert plan.peak_gib < 2
    small = plan_for("2", shapes.TINY, shapes.SMALL, "cuda", free_gib=8.0)
    assert small.peak_gib < 2
    assert small.weights_gib["transformer"] < 0.01


def test_a_plan_is_said_to_people_and_to_the_report() -> None:
    plan = planned("8", attention="native", compile=True)
    text = "\n".join(plan.lines())
    for word in (
        "of 8.0 GiB",
        "block by block",
        "tiles",
        "11314 tokens",
        "least possible",
        "about",
    ):
        assert word in text
    facts = json.loads(json.dumps(plan.facts()))
    assert facts["budget_gib"] == 8
    assert facts["peak_gib"] == max(facts["peaks"].values())
    assert (facts["attention"], facts["compile"]) == ("native", True)
    both = planned("40", replace(shapes.SHORT, branches=2))
    assert "both branches in one batch" in "\n".join(both.lines())


def test_every_way_saves_memory_or_time() -> None:
    machine = Machine("cuda", "bfloat16", NOMINAL)
    ways = {
        (way.storage, way.offload): way
        for way in transformer_ways(FULL_SIZE, shapes.SHORT, machine)
    }
    assert len(ways) == 6
    whole, blocks, layers = (ways["bfloat16", each] for each in ("none", "group", "leaf"))
    assert whole.peak_gib > 5 * blocks.peak_gib > 5 * layers.peak_gib
    assert whole.seconds < blocks.seconds < layers.seconds
    assert ways["float8", "none"].peak_gib < 0.7 * whole.peak_gib
    halted = {
        way.offload: way
        for way in transformer_ways(FULL_SIZE, shapes.SHORT, replace(machine, kind="mps"))
        if way.exact
    }
    assert halted["group"].peak_gib < blocks.peak_gib  # one block at a time
    assert halted["group"].seconds > 2 * blocks.seconds  # and nothing hides the copies
    texts = list(text_ways(FULL_SIZE, shapes.SHORT, machine))
    assert [way.offload for way in texts] == ["none", "group", "cpu"]
    assert texts[0].peak_gib > texts[1].peak_gib > texts[2].peak_gib


def test_more_tiles_need_less_memory_and_more_time() -> None:
    machine = Machine("cuda", "bfloat16", NOMINAL)
    ways = [w for w in vae_ways(FULL_SIZE, shapes.SHORT, machine, "decode") if w.rest == "cpu"]
    peaks, sizes = [way.peak_gib for way in ways], [way.tiles for way in ways]
    assert peaks == sorted(peaks, reverse=True)
    assert sizes[0] == (1, 2)
    beside = [w for w in vae_ways(FULL_SIZE, shapes.SHORT, machine, "decode") if w.rest != "cpu"]
    assert [way.tiles for way in beside[1:]] == sizes
    for near, far in zip(beside[1:], ways, strict=True):
        assert near.peak_gib > far.peak_gib
        assert near.seconds < far.seconds


@settings(deadline=None, max_examples=60)
@given(
    height=st.integers(8, 128).map(lambda n: 2 * n), width=st.integers(8, 128).map(lambda n: 2 * n)
)
def test_tiles_are_no_larger_than_planned(height: int, width: int) -> None:
    for rows, columns in grids(height, width):
        for top, bottom in codec._spans(height, rows):
            assert bottom - top <= tile_side(height, rows)
        for left, right in codec._spans(width, columns):
            assert right - left <= tile_side(width, columns)


def test_upright_pictures_are_cut_across() -> None:
    assert grids(48, 84)[1] == (1, 2)
    assert grids(84, 48)[1] == (2, 1)
    assert grids(4, 4) == [(1, 1)]


def test_a_plan_survives_json_and_does_not_hang_on_measured_speed() -> None:
    import json
    from dataclasses import asdict

    plan = planned("10")
    assert Plan.from_json(json.loads(json.dumps(asdict(plan)))) == plan
