"""What operators say to every viewer, from several processes at once; viewers are in the tests of the gateways."""

import asyncio

from headway.errors import Conflict
from headway.hub import Hub
from headway.ops.notices import STANDING_MAX, Notices
from headway.stores.base import Store
from headway.stores.location import store_at
from headway.stores.projection import Projections
from tests.ops.conftest import Shared


def notices_of(store: Store) -> Notices:
    """Those of one process."""
    return Notices(store, Hub(store, Projections(store)), lambda: None)


async def test_no_more_stand_however_many_are_put_at_once(shared: Shared) -> None:
    """By two processes, with room for one: what is too many is refused and gone, what was accepted stands."""
    other = store_at(shared.url)
    await other.open()
    try:
        await _put_at_once(notices_of(shared.store), notices_of(other))
    finally:
        await other.close()


async def _put_at_once(one: Notices, two: Notices) -> None:
    for number in range(STANDING_MAX - 1):
        await one.put(f"{number}")
    puts = [notices.put("at once") for notices in (one, two) for _ in range(5)]
    outcomes = await asyncio.gather(*puts, return_exceptions=True)
    standing = {notice.id for notice in await two.list()}
    assert len(standing) <= STANDING_MAX
    accepted = [notice for notice in outcomes if not isinstance(notice, BaseException)]
    assert {notice.id for notice in accepted} <= standing
    assert all(isinstance(refused, Conflict) for refused in outcomes if isinstance(refused, BaseException))
    assert len(standing) == STANDING_MAX - 1 + len(accepted)
