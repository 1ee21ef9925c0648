"""How long the broker may stay silent: from the settings to the adapter."""

from __future__ import annotations

from swimdesk.bootstrap.running import timeouts_of
from swimdesk.config.model import BrokerSettings, Settings
from swimdesk.schwab.timeouts import USUAL, Timeouts


def test_home_that_says_nothing_waits_as_long_as_the_adapter_by_itself() -> None:
    assert timeouts_of(Settings()) == USUAL


def test_each_key_reaches_what_it_is_for() -> None:
    broker = BrokerSettings(order_timeout_s=1, cancel_timeout_s=2, read_timeout_s=3)
    wanted = Timeouts(order_s=1, cancel_s=2, read_s=3)
    assert timeouts_of(Settings(broker=broker)) == wanted
