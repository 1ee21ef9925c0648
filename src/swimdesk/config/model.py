"""The settings as a model: which keys there are, their types, their defaults."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

ENV_PREFIX = "SWIMDESK_"
ENV_DELIMITER = "__"

Mode: TypeAlias = Literal["paper", "live"]
VaultBackend: TypeAlias = Literal["", "files", "secret-service", "encrypted-file", "credentials"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_REFERENCE = re.compile(r"(keyring:[^/\s]+/\S+|credential:[^/\s]+|file:.+)")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")


def _name(value: object) -> str:
    if isinstance(value, str) and _NAME.fullmatch(value):
        return value
    raise ValueError("must be 1 to 32 letters, digits, dots, dashes or underscores, in quotes")


def _reference(value: object) -> str:
    # The value is not shown: it may be the secret itself, pasted in by mistake.
    if isinstance(value, str) and _REFERENCE.fullmatch(value):
        return value
    raise ValueError(
        'must say where the secret is kept: "keyring:service/name", "credential:name" or'
        ' "file:path", never the secret itself'
    )


def _last4(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}", value):
        return value
    raise ValueError('must be the last four digits in quotes, such as "4821"')


def _whole(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,12}", value):
        return int(value)
    raise ValueError("must be a whole number")


def _number(value: object) -> Decimal:
    if isinstance(value, int | Decimal | str) and not isinstance(value, bool):
        try:
            number = Decimal(value)
        except InvalidOperation:
            number = Decimal("NaN")
        if number.is_finite():
            return number
    raise ValueError('must be a number, such as "50000" or 1.5')


def _fraction(value: object) -> Decimal:
    percent = _PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
    fraction = Decimal(percent[1]) / 100 if percent else Decimal(0)
    if 0 < fraction <= 1:
        return fraction
    raise ValueError('must be a percentage above 0% and up to 100%, such as "5%"')


def _flag(value: object) -> bool:
    flags: dict[object, bool] = {True: True, False: False, "true": True, "false": False}
    if isinstance(value, bool | str) and value in flags:
        return flags[value]
    raise ValueError("must be true or false")


def _path(value: object) -> Path | None:
    if isinstance(value, str):
        return Path(value) if value else None
    raise ValueError("must be a path in quotes, or empty")


def _https_url(value: object) -> str:
    url = value.rstrip("/") if isinstance(value, str) else ""
    try:
        parts = urlsplit(url)
        usable = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if usable and not (parts.username or parts.password or parts.query or parts.fragment):
        return url
    raise ValueError('must be an address such as "https://api.schwabapi.com"')


Name: TypeAlias = Annotated[str, BeforeValidator(_name)]
Reference: TypeAlias = Annotated[str, BeforeValidator(_reference)]
Last4: TypeAlias = Annotated[str, BeforeValidator(_last4)]
Whole: TypeAlias = Annotated[int, BeforeValidator(_whole)]
Number: TypeAlias = Annotated[Decimal, BeforeValidator(_number)]
Fraction: TypeAlias = Annotated[Decimal, BeforeValidator(_fraction)]
Flag: TypeAlias = Annotated[bool, BeforeValidator(_flag)]
OptionalPath: TypeAlias = Annotated[Path | None, BeforeValidator(_path)]
HttpsUrl: TypeAlias = Annotated[str, BeforeValidator(_https_url)]


class Section(BaseModel):
    """A part of the settings: fixed once read, every key known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class BrokerSettings(Section):
    """Which brokerage, how long it may be silent, and the application registered with it."""

    mode: Mode = "paper"
    api_url: HttpsUrl = "https://api.schwabapi.com"
    ca_file: OptionalPath = None
    callback_url: HttpsUrl = "https://127.0.0.1:8182"
    app_key: Reference = "keyring:swimdesk/app_key"
    app_secret: Reference = "keyring:swimdesk/app_secret"  # noqa: S105 - a reference
    order_timeout_s: Annotated[Whole, Field(ge=1, le=120)] = 25
    cancel_timeout_s: Annotated[Whole, Field(ge=1, le=120)] = 10
    read_timeout_s: Annotated[Whole, Field(ge=1, le=120)] = 20


class LoginSettings(Section):
    """One Schwab user who grants access."""

    name: Name
    browser: Literal["assisted", "automatic", "manual"] = "assisted"


class AccountSettings(Section):
    """What we call an account, and what the broker's interface does not say about it.

    The account is the one of its login that ends in ``last4``, or whose number is kept under the
    reference ``number``.
    """

    alias: Name
    login: Name
    last4: Last4 | None = None
    number: Reference | None = None
    groups: tuple[Name, ...] = ()
    multiplier: Annotated[Number, Field(gt=0)] = Decimal(1)
    option_level: Annotated[Whole, Field(ge=0, le=3)] | None = None
    ira: Flag = False
    closing_only: Flag = False


class RiskSettings(Section):
    """Limits of our own checks.

    Money in dollars, collars as fractions of the price, spans in seconds.
    """

    max_shares_per_order: Annotated[Whole, Field(gt=0)] = 1000
    max_contracts_per_order: Annotated[Whole, Field(gt=0)] = 50
    max_notional_per_order: Annotated[Number, Field(gt=0)] = Decimal(50_000)
    max_notional_share: Fraction = Decimal("0.20")
    ceiling_notional_share: Fraction = Decimal("0.50")
    max_notional_per_broadcast: Annotated[Number, Field(gt=0)] = Decimal(500_000)
    max_position_share: Fraction = Decimal("0.25")
    max_volume_share: Fraction = Decimal("0.05")
    unusual_multiple: Annotated[Number, Field(gt=1)] = Decimal(10)
    collar_equity: Fraction = Decimal("0.05")
    collar_option: Fraction = Decimal("0.20")
    collar_equity_floor: Annotated[Number, Field(gt=0)] = Decimal("0.05")
    collar_option_floor: Annotated[Number, Field(gt=0)] = Decimal("0.10")
    max_market_spread: Fraction = Decimal("0.01")
    max_extended_spread: Fraction = Decimal("0.05")
    quote_max_age_s: Annotated[Whole, Field(gt=0)] = 5
    quote_max_age_extended_s: Annotated[Whole, Field(gt=0)] = 30
    balances_max_age_s: Annotated[Whole, Field(gt=15, le=3600)] = 60
    duplicate_window_s: Annotated[Whole, Field(ge=0)] = 30
    duplicate_warn_s: Annotated[Whole, Field(ge=0, le=86_400)] = 600
    broadcast_repeat_window_s: Annotated[Whole, Field(ge=0, le=86_400)] = 60
    broadcasts_per_minute: Annotated[Whole, Field(gt=0, le=10_000)] = 6
    broadcasts_per_day: Annotated[Whole, Field(gt=0, le=100_000)] = 200
    plan_life_s: Annotated[Whole, Field(gt=0, le=900)] = 60
    bind_horizon_s: Annotated[Whole, Field(ge=10, le=3600)] = 60
    absent_horizon_s: Annotated[Whole, Field(ge=10, le=7200)] = 180


class VaultSettings(Section):
    """Where passwords, sign-ins and keys are kept; empty means files, in paper mode only.

    Homes that name the same ``service`` share what a Secret Service keeps under it.
    """

    backend: VaultBackend = ""
    totp_backend: VaultBackend = ""
    service: Name = "swimdesk"


class CacheSettings(Section):
    """Where short-lived data may be kept; empty means in this process."""

    memcached: str = ""


class BrowserSettings(Section):
    """The program that opens the broker's sign-in pages; empty: the one that is found."""

    executable: OptionalPath = None


class Settings(BaseSettings):
    """Everything that is configured about a home."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix=ENV_PREFIX,
        env_nested_delimiter=ENV_DELIMITER,
        enable_decoding=False,
    )

    broker: BrokerSettings = BrokerSettings()
    login: tuple[LoginSettings, ...] = ()
    account: tuple[AccountSettings, ...] = ()
    risk: RiskSettings = RiskSettings()
    vault: VaultSettings = VaultSettings()
    cache: CacheSettings = CacheSettings()
    browser: BrowserSettings = BrowserSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment go before the file, and read nothing else."""
        return env_settings, init_settings
