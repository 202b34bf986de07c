"""What is under way before the contact is not the object's doing, and goes on from where it was."""

from __future__ import annotations

from openvoid.reason.motion.by_itself import Doing, by_itself, follows
from openvoid.reason.motion.scene import Mask
from tests.reason.motion.shots import NOTHING, box

JUMP_PX, LEAST_PX = 8.0, 40


def told(differs: Mask, before: Doing, reach: Mask = NOTHING) -> Doing:
    return by_itself(differs, before, reach, jump_px=JUMP_PX, least_px=LEAST_PX)


def test_what_begins_apart_and_lasts_is_other_things_doing() -> None:
    walker, object_ = box(40, 100, 80, 120), box(40, 10, 80, 40)
    first = told(walker, Doing(NOTHING, NOTHING, NOTHING), object_)
    assert not first.itself.any()
    assert (first.begun == walker).all()
    assert (told(walker, first, object_).itself == walker).all()


def test_what_is_struck_and_shows_it_at_its_far_side_first_is_not() -> None:
    first = told(box(40, 60, 80, 70), Doing(NOTHING, NOTHING, NOTHING), box(40, 10, 80, 50))
    assert not told(box(40, 60, 80, 80), first, box(40, 20, 80, 64)).itself.any()


def test_what_begins_beside_what_the_object_set_going_may_be_its_far_side() -> None:
    near, far = box(40, 80, 80, 90), box(40, 180, 80, 190)
    before = Doing(NOTHING, near | far, box(40, 50, 80, 60))
    found = by_itself(near | far, before, NOTHING, jump_px=8.0, least_px=40, around_px=48)
    assert (found.itself == far).all()


def test_what_begins_at_a_contact_is_not() -> None:
    struck, before = box(40, 40, 80, 60), Doing(NOTHING, NOTHING, NOTHING)
    found = told(struck, before, box(40, 10, 80, 44))
    assert not (found.itself | found.begun).any()


def test_a_speck_is_nobodys_doing() -> None:
    assert not told(box(40, 100, 44, 104), Doing(NOTHING, NOTHING, NOTHING)).begun.any()


def test_who_walks_up_to_the_object_stays_other_things_doing() -> None:
    before = Doing(box(40, 60, 80, 80), NOTHING, NOTHING)
    nearer = box(40, 54, 80, 80)
    assert (told(nearer, before, box(40, 10, 80, 58)).itself == nearer).all()


def test_what_the_object_set_going_is_not_taken_over() -> None:
    before = Doing(box(40, 100, 80, 120), NOTHING, box(40, 50, 80, 70))
    spots = box(40, 70, 80, 100)
    assert (told(spots, before).itself == box(40, 92, 80, 100)).all()


def test_what_follows_is_near() -> None:
    near = follows(Doing(box(40, 60, 80, 80), NOTHING, NOTHING), JUMP_PX)
    assert near[60, 53]
    assert not near[60, 40]
    assert not follows(Doing(NOTHING, NOTHING, NOTHING), JUMP_PX).any()
