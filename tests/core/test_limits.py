"""The constants of the protocol."""

from headway.core import limits


def test_limits_agree_with_each_other():
    """What one limit lets in, no other keeps out."""
    assert limits.OUTPUT_TEXT_MAX <= limits.ALL_TEXT_MAX
    assert limits.EVENT_BYTES_MAX < limits.BODY_BYTES_MAX
    assert limits.BATCH_EVENTS_MAX <= limits.PAGE_MAX
    assert limits.DEPTH_MAX < 200, "the JSON encoder gives up at 254 levels, and a snapshot adds some"
    assert all(value > 0 for name, value in vars(limits).items() if name.isupper())
