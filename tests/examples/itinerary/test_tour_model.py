import pytest
from ortools.sat.python import cp_model

from examples.itinerary.catalogue import load
from examples.itinerary.choice import PACES
from examples.itinerary.models import Opening, Pace
from examples.itinerary.tour_model import SLOT, Legs, Option, TourModel
from tests.examples.itinerary.planning import table

RULES = PACES[Pace.BALANCED]
LOUVRE = load().sights["paris"]["paris.louvre"].place
ORSAY = load().sights["paris"]["paris.musee-dorsay"].place


def opening(opens: int, closes: int) -> Opening:
    """One opening, in minutes."""
    return Opening(opens=opens, closes=closes)


def test_an_option_keeps_what_falls_into_the_day() -> None:
    """Openings are clipped to the day and rounded inwards; those too short for a visit are dropped."""
    option = Option.within(LOUVRE, 120, [opening(0, 600), opening(662, 1439)], RULES)
    assert option is not None
    assert option.windows == ((665 // SLOT, RULES.closes // SLOT),)
    assert (option.shortest * SLOT, option.typical * SLOT, option.longest * SLOT) == (130, 180, 230)


@pytest.mark.parametrize("openings", [[], [opening(540, 660)], [opening(1140, 1440)], [opening(0, 540)]])
def test_no_option_where_no_visit_fits(openings: list[Opening]) -> None:
    """Closed, too briefly open, or open only outside the day."""
    assert Option.within(LOUVRE, 120, openings, RULES) is None


def test_legs_are_looked_up_by_place() -> None:
    """The order of the table does not matter, and the start stands at -1."""
    options = [
        option for place in (ORSAY, LOUVRE) if (option := Option.within(place, 100, [opening(540, 1140)], RULES))
    ]
    walks = table({"paris": (48.8566, 2.3522), LOUVRE.id: LOUVRE.point, ORSAY.id: ORSAY.point})
    legs = Legs.between(options, walks, "paris")
    assert legs.minutes[0, 1] == walks.minutes[2][1]
    assert legs.metres[-1, 0] == walks.metres[0][2]
    assert (-1, 0) not in Legs.between(options, walks, None).minutes
    with pytest.raises(KeyError):
        Legs.between(options, table({LOUVRE.id: LOUVRE.point}), None)


def test_a_solution_is_read_back_in_order_of_time() -> None:
    """Orsay is open in the morning only, so it comes first, lunch follows, then the walk."""
    hours = {LOUVRE.id: opening(14 * 60, 1140), ORSAY.id: opening(540, 780)}
    options = [option for place in (LOUVRE, ORSAY) if (option := Option.within(place, 120, [hours[place.id]], RULES))]
    legs = Legs.between(options, table({LOUVRE.id: LOUVRE.point, ORSAY.id: ORSAY.point}), None)
    tours = TourModel(options, legs, RULES, has_start=False)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    assert solver.solve(tours.model) == cp_model.OPTIMAL
    visits, lunch = tours.read(solver.value)
    assert [visit.place.id for visit in visits] == [ORSAY.id, LOUVRE.id]
    assert lunch is not None
    assert visits[0].leave <= lunch.starts < lunch.ends <= visits[1].arrive - visits[1].walk_minutes
    assert visits[1].walk_minutes == legs.minutes[1, 0] == 13
