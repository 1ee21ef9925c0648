"""The job of the browser's process on its way there, and which address is the callback."""

from __future__ import annotations

from pathlib import Path

import pytest

from swimdesk.login.signin.child import environment
from swimdesk.login.signin.chromium import arguments, hosts_of, private_environment, program
from swimdesk.login.signin.job import BrowserJob, Launch, is_callback
from swimdesk.login.signin.pages import known_pages
from swimdesk.telemetry.redaction import Secret

CALLBACK = "https://127.0.0.1:8182"


def test_job_arrives_as_it_was_sent_and_shows_no_secret() -> None:
    job = BrowserJob(
        login="smith",
        authorize_url=Secret("https://api.schwabapi.com/v1/oauth/authorize?state=s"),
        callback_url=CALLBACK,
        picture=Path("/home/x/logs/sign-in-smith.png"),
        accounts=("4821",),
        user=Secret("smith01"),
        password=Secret("hunter22"),
    )
    assert BrowserJob.from_line(job.as_line()) == job
    assert "hunter22" not in repr(job)


def test_launch_arrives_as_it_was_sent() -> None:
    launch = Launch(("api.schwabapi.com:443",), "/usr/bin/chromium", "abc=", is_headed=True)
    assert Launch.from_line(launch.as_line()) == launch


@pytest.mark.parametrize(
    ("url", "is_it"),
    [
        (f"{CALLBACK}/?code=C0.x%40&state=s", True),
        (f"{CALLBACK}?error=access_denied", True),
        ("https://127.0.0.1:8183/?code=x", False),
        ("http://127.0.0.1:8182/?code=x", False),
        ("https://127.0.0.1:8182.evil.example/?code=x", False),
        ("https://127.0.0.1:8182@evil.example/?code=x", False),
        (f"{CALLBACK}/other?code=x", False),
        ("https://127.0.0.1:port/", False),
        ("chrome-error://chromewebdata/", False),
    ],
)
def test_callback_is_told_by_its_place_alone(url: str, is_it: bool) -> None:
    assert is_callback(url, CALLBACK) is is_it


def test_browser_reaches_the_broker_and_nothing_else() -> None:
    live = hosts_of("https://api.schwabapi.com", "live", known_pages().hosts)
    rules, *_ = arguments(live, "")
    assert rules == (
        "--host-resolver-rules=MAP api.schwabapi.com:443 api.schwabapi.com:443,"
        " EXCLUDE *.schwabapi.com, EXCLUDE *.schwab.com, MAP * ~NOTFOUND"
    )


def test_browser_of_a_paper_home_reaches_this_machine_at_one_port() -> None:
    assert hosts_of("https://127.0.0.1:9443", "paper", ("*.schwab.com",)) == ("127.0.0.1:9443",)
    assert hosts_of("https://[::1]:9443", "paper", ()) == ("[::1]:9443",)


def test_only_a_pin_lets_another_certificate_be_taken() -> None:
    assert not [one for one in arguments(("a:1",), "") if "certificate" in one]
    assert "--ignore-certificate-errors-spki-list=abc=" in arguments(("a:1",), "abc=")


def test_environment_of_both_processes_has_nothing_that_logs_or_is_secret(tmp_path: Path) -> None:
    environ = {
        "PATH": "/bin",
        "DEBUG": "pw:*",
        "NODE_OPTIONS": "--require x",
        "PWDEBUG": "1",
        "SWIMDESK_BROKER__APP_KEY": "keyring:x/y",
        "HTTPS_PROXY": "http://proxy",
    }
    assert environment(tmp_path, environ) == {"PATH": "/bin", "TMPDIR": str(tmp_path)}
    private = private_environment(tmp_path, environ)
    assert private == {"PATH": "/bin", "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}


def test_configured_program_goes_before_the_ones_that_are_found(tmp_path: Path) -> None:
    own = tmp_path / "chrome"
    assert program("/opt/mine", str(own)) == "/opt/mine"
    own.touch()
    assert program("", str(own)) == str(own)
