"""No number is given out twice, though the database forgot that it was."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from chassis import clock
from chassis.delivery import relay
from services.intake.domain.numbering import USUAL, day_of
from services.intake.errors import NumbersExhausted, NumbersUnsafe
from tests.service.intake.conftest import LETTER, Street
from tests.support.clock import move_clock

Make = Callable[..., Street]


def set_back(here: Street) -> None:
    """What a restore does to the counters, and to the mark of who wrote the producer's row."""
    with here.database.transaction() as tx:
        tx.execute(text("delete from number_blocks"))
        tx.execute(text("delete from restores"))
        tx.execute(text("update producer set epoch = 1"))


def restored(here: Street, seen: int = 0) -> int:
    with here.database.transaction() as tx:
        return relay.restored(tx, seen)


def today(here: Street) -> date:
    with here.database.transaction() as tx:
        return day_of(clock.now(tx))


def test_no_number_is_given_out_until_an_operator_has_accepted_the_restore(street: Make) -> None:
    here = street()
    set_back(here)
    answer = here.post()
    assert (answer.status_code, answer.json["code"]) == (503, "numbers_unsafe")
    restored(here)
    assert here.post().status_code == 201


def test_numbers_after_a_restore_are_others_than_all_before_on_that_day_and_the_days_before(street: Make) -> None:
    here = street(number_block="5")
    day = today(here)
    before = {here.context.numbers.next(each) for each in (day, day - timedelta(days=3)) for _ in range(8)}
    set_back(here)
    restored(here)
    numbers = here.context.numbers
    after = {numbers.next(each) for each in (day, day - timedelta(days=3)) for _ in range(8)}
    assert len(after) == 16 and not after & before
    assert {int(number[-6:]) > USUAL for number in after} == {True}


def test_a_second_restore_to_before_the_first_repeats_no_number_if_it_is_told_what_readers_saw(street: Make) -> None:
    here = street()
    given = {here.context.numbers.next(today(here))}
    for seen in (1, 2, 3):
        set_back(here)
        assert restored(here, seen) == seen + 1
        number = here.context.numbers.next(today(here))
        assert number not in given
        given.add(number)


def test_the_day_after_a_restore_begins_at_one_again(street: Make) -> None:
    here = street()
    restored(here)
    move_clock(here.database, timedelta(days=1))
    assert here.post(LETTER).json["number"].endswith("000001")


def test_a_process_that_lived_through_the_restore_uses_up_its_block_and_then_the_new_range(street: Make) -> None:
    here = street(number_block="3")
    numbers, day = here.context.numbers, today(here)
    first = numbers.next(day)
    set_back(here)
    assert numbers.next(day) == f"{first[:-6]}{int(first[-6:]) + 1:06d}"  # nobody else ever had it
    numbers.next(day)
    with pytest.raises(NumbersUnsafe):
        numbers.next(day)
    restored(here)
    assert numbers.next(day).endswith(f"{USUAL + 1}")


def test_a_range_that_is_used_up_is_not_left(street: Make) -> None:
    here = street()
    day = today(here)
    with here.database.transaction() as tx:
        tx.execute(text("insert into number_blocks values (:day, :taken)"), {"day": day, "taken": USUAL - 3})
    numbers = here.context.numbers
    assert [int(numbers.next(day)[-6:]) for _ in range(3)] == [USUAL - 2, USUAL - 1, USUAL]
    with pytest.raises(NumbersExhausted):
        numbers.next(day)
    with pytest.raises(NumbersExhausted):
        numbers.several(day, 2)
