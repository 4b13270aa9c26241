"""Waits for a server that was started."""

from __future__ import annotations

import subprocess
import time
import urllib.error
import urllib.request


def wait_for(url: str, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    """Come back when *url* answers, whatever it says; an error when *process* ends or time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"{process.args} ended with {process.returncode}")
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"no answer from {url}")
