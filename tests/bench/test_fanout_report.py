"""Medians, ratios and verdicts of fan-out."""

from __future__ import annotations

import pytest

from bench.fanout import Results
from bench.fanout_report import goals, outcome, summary
from bench.fanout_rounds import Idle, Load, Probe, Round


def round_of(peer: str, cost: float, *, rate: float = 20.0, busy: float = 0.3) -> Round:
    """Return a round of `peer` at `cost` microseconds per delivery, at 20 events a second if it kept the pace."""
    return Round(peer, 200, 1000, cost / 1000, cost, 226.0, 1.0, rate, 20.0, busy, 0.2, 5.0, 9.0)


def results(*rounds: Round, idle: list[Idle] | None = None) -> Results:
    """Return results that hold these rounds."""
    return Results(Load(2000, 20, 5, 20, 1000, {0}, {1}), {}, {}, [], list(rounds), idle or [])


def test_a_ratio_is_the_median_of_the_rounds_ratios():
    """A round in which the whole machine was slow does not move the ratio."""
    rounds = []
    for slowness in (1.0, 3.0, 1.1):
        rounds += [round_of("c_send_loop", 5 * slowness), round_of("headway", 6 * slowness)]
    row = summary(results(*rounds))[1]
    assert row["peer"] == "headway"
    assert row["us_per_delivery"] == pytest.approx(6.6)
    assert row["x c_send_loop"] == pytest.approx(1.2)
    assert row["x nchan"] is None


def test_goals_tell_met_from_missed():
    """Each goal is judged by its own limit."""
    found = results(
        round_of("c_send_loop", 5.0),
        round_of("headway", 6.0),
        round_of("nchan", 7.0),
        round_of("sse-starlette", 40.0),
        idle=[Idle("headway", 1000, 1000, 9000, 8.0), Idle("nchan", 1000, 1000, 9000, 8.0)],
    )
    assert [goal.met for goal in goals(found)] == [True, False, True, False]
    shown = outcome(found).text()
    assert "times c_send_loop: 1.20 (at most 1.3): met" in shown
    assert "times nchan: 0.86 (at most 0.75): MISSED by 14 %" in shown
    assert "times sse-starlette: 0.15 (at most 0.2): met" in shown
    assert "per idle viewer: 8 KiB (at most 4 KiB): MISSED by 100 %" in shown


def test_what_an_event_costs_by_itself_is_told_apart():
    """The cost that all deliveries of an event share is shown per delivery."""
    found = results(round_of("headway", 6.0))
    found.probes = [Probe("headway", 300.0, 1000.0)]
    assert summary(found)[0]["shared_us"] == pytest.approx(1000 / 2000)


@pytest.mark.parametrize(
    ("busy", "why"), [(0.95, "it is saturated, lower --rate"), (0.3, "other work kept the machine busy")]
)
def test_a_peer_that_missed_the_pace_is_named(busy, why):
    """Whether a server was at its limit, or something else was, shows in how busy it was."""
    shown = outcome(results(round_of("headway", 6.0, rate=12.0, busy=busy))).text()
    assert f"! headway reached 12.0 of 20 events/s: {why}" in shown


def test_a_peer_that_is_not_there_is_told():
    """What was left out is said beside the figures."""
    found = results(round_of("headway", 6.0))
    found.skipped = {"nchan": "an nginx"}
    assert "! nchan is SKIPPED, it needs an nginx" in outcome(found).text()


def test_a_smoke_test_judges_nothing():
    """Fifty viewers cannot tell whether a goal is met."""
    found = results(
        round_of("c_send_loop", 5.0), round_of("headway", 60.0), idle=[Idle("headway", 50, 1000, 1800, 16.0)]
    )
    found.load = Load(50, 20, 5, 20, 1000, {0}, {1})
    assert goals(found) == []
