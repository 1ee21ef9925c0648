"""The order lane: warm connections of our own, and bursts of orders over them."""

from swimdesk.schwab.lane.burst import LaneBurst
from swimdesk.schwab.lane.connection import LaneRequest
from swimdesk.schwab.lane.lane import Lane

__all__ = ["Lane", "LaneBurst", "LaneRequest"]
