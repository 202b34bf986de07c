"""Several processes give what one gives, and none of them outlives the work."""

from __future__ import annotations

import os

import pytest

torch = pytest.importorskip("torch")

import torch.distributed as dist  # noqa: E402
import torch.multiprocessing as multiprocessing  # noqa: E402

from openvoid.core.errors import OpenVoidError  # noqa: E402
from openvoid.void.sampling.ranks import Alone, Spread, launch  # noqa: E402

DTYPES = (torch.float32, torch.bfloat16, torch.float64, torch.int64, torch.bool)


def made(job: int) -> torch.Tensor:
    """Another shape and type for every job; sums whose last bits depend on how they are made."""
    noise = torch.randn((job + 1, 64, 33), generator=torch.Generator().manual_seed(job))
    mixed = torch.einsum("tij,tkj->tik", noise, noise).softmax(-1).transpose(1, 2)
    return mixed.to(DTYPES[job % len(DTYPES)])


def shapeless(job: int) -> torch.Tensor:
    return torch.tensor(job * 1.5) if job % 2 else torch.empty(0, 3)


def picky(job: int) -> torch.Tensor:
    if job == 1:
        raise OpenVoidError("no such window", mend="another one")
    return torch.zeros(1)


def deadly(job: int) -> torch.Tensor:
    if job == 1:
        os._exit(7)
    return torch.zeros(1)


def program(spread: Spread, count: int) -> list[list[torch.Tensor]]:
    """What every rank does."""
    found = [spread.map(made, list(range(jobs))) for jobs in (count, 1, 0)]
    found.append(spread.map(shapeless, [0, 1, 2]))
    again = spread.map(lambda job: job[0] + job[1], [(1, each) for each in found[0][:2]])
    return [*found, again]


def worker(spread: Spread, count: int) -> None:
    program(spread, count)
    try:
        spread.map(picky, [0, 1])
    except OpenVoidError:
        spread.map(deadly, [0, 1])


def test_one_process_maps_in_order() -> None:
    assert torch.equal(
        torch.cat(Alone().map(torch.atleast_1d, [torch.tensor(i) for i in (3, 1)])),
        torch.tensor([3, 1]),
    )
    with launch(1, worker) as spread:
        assert spread.size == 1


def test_two_processes_give_the_bits_of_one_and_a_dead_one_is_missed() -> None:
    expected = program(Alone(), 5)
    with pytest.raises(OpenVoidError, match="process 1 ended with code 7"):  # noqa: PT012, SIM117
        with launch(2, worker, (5,)) as spread:
            assert (spread.rank, spread.size) == (0, 2)
            found = program(spread, 5)
            for one, other in zip(expected, found, strict=True):
                for left, right in zip(one, other, strict=True):
                    assert left.dtype == right.dtype
                    assert torch.equal(left, right)
            with pytest.raises(OpenVoidError, match=r"process 1 of 2 failed: no such window"):
                spread.map(picky, [0, 1])
            spread.map(deadly, [0, 1])
    assert not multiprocessing.active_children()
    assert not dist.is_initialized()


def broken(spread: Spread) -> None:
    raise ValueError("a defect")


def test_what_a_process_died_of_is_said() -> None:
    with (
        pytest.raises(OpenVoidError, match="process 1 failed: ValueError: a defect"),
        launch(2, broken) as spread,
    ):
        spread.map(made, [0, 1])
    assert not multiprocessing.active_children()


def stopped() -> None:
    with launch(2, worker, (2,)) as spread:
        spread.map(made, [0, 1])
        raise KeyboardInterrupt


def test_processes_end_when_the_person_stops_the_work() -> None:
    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert not multiprocessing.active_children()
    assert not dist.is_initialized()


def test_more_processes_than_gpus_are_refused() -> None:
    many = torch.cuda.device_count() + 1
    with pytest.raises(OpenVoidError, match="GPUs"), launch(max(2, many), worker, device="cuda"):
        pass
    with pytest.raises(OpenVoidError, match="none"), launch(0, worker):
        pass
    with pytest.raises(OpenVoidError, match="cannot share 'mps'"), launch(2, worker, device="mps"):
        pass
