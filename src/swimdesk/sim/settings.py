"""How one simulated brokerage is set up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from swimdesk.sim.faults import FaultPlan
from swimdesk.sim.signin.plans import SignInPlan

PROFILES = ("mixed", "uniform")
ACCESS_LIFE_S = 1800
REFRESH_LIFE_S = 7 * 24 * 3600
CODE_LIFE_S = 30


@dataclass(frozen=True, slots=True)
class SimSettings:
    """The figures a brokerage is made from; the same settings and clock make the same brokerage."""

    accounts: int = 48
    logins: int = 12
    seed: int = 1
    profile: str = "uniform"
    market: str = "open"
    """``open``, ``real`` or an ISO date to replay."""
    speed: float = 1.0
    """How many seconds of price moves, and of a replayed day, pass in one second."""
    faults: FaultPlan = field(default_factory=FaultPlan)
    sign_in_plans: Mapping[str, SignInPlan] = field(default_factory=dict)
    """How logins sign in, by name, ``#`` and place from 0, or ``*``; none: as the profile says."""
    base_url: str = "https://api.schwabapi.com"
    stream_url: str = "wss://streamer-api.schwab.com/ws"
    callback_url: str = "https://127.0.0.1:8182"
    app_name: str = "swimdesk"
    rotate_refresh_tokens: bool = True
    access_life_s: int = ACCESS_LIFE_S
    refresh_life_s: int = REFRESH_LIFE_S
    position_lag_s: float = 0.0
    """How long after a fill positions and balances show it."""

    def __post_init__(self) -> None:
        if self.profile not in PROFILES:
            raise ValueError(f"profile is one of {', '.join(PROFILES)}, not {self.profile!r}")
        if not 1 <= self.logins <= self.accounts <= 9000:
            raise ValueError("there are 1 to 9000 accounts and no more logins than accounts")

    @property
    def client_id(self) -> str:
        """The app key that this brokerage knows (32 characters)."""
        return self._drawn("client_id", 32)

    @property
    def client_secret(self) -> str:
        """The app secret that belongs to the key (16 characters)."""
        return self._drawn("client_secret", 16)

    def _drawn(self, purpose: str, length: int) -> str:
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        return "".join(Random(f"{self.seed}:{purpose}").choices(letters, k=length))
