"""Orders are bought when they are approved. `pytest` needs the plugin `pytest-asyncio` for it."""

from orders import Approval, Order, order

from headway.testing import play

CHAIRS = Order(what="Chairs", budget=100)


async def test_an_order_is_bought() -> None:
    """Within the limit."""
    played = await play(order, CHAIRS, answers={"approve": Approval(go=True, limit=100)})
    assert played.result == "Chairs bought for 95"


async def test_nobody_answers() -> None:
    """For a week, which takes no time here."""
    played = await play(order, CHAIRS)
    assert played.result == "nobody had time to look at it"
