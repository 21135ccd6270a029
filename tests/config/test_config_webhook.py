"""Where a webhook may not lead is told when the configuration is read."""

from __future__ import annotations

import pytest

from logmond.config.loading import loads
from logmond.errors import ConfigError


@pytest.mark.parametrize(
    ("url", "more", "message"),
    [
        ("ftp://hooks.example/", "", "must begin with https:// or http://"),
        ("http://", "", "needs a host: https://HOST/PATH"),
        ("http://u:p@hooks.example/", "", "set the header Authorization"),
        ("http://hooks.example/#x", "", "must not hold a fragment"),
        ("http://127.1/", "", "neither a name nor a complete IP address"),
        ("http://2130706433/", "", "neither a name nor a complete IP address"),
        ("http://169.254.169.254/latest", "", "169.254.169.254 is link-local: name it in allow"),
        ("http://[::1]/", "", "::1 is loopback: name it in allow"),
        ("http://127.0.0.1/", ", allow: [127.0.0.1]", ""),
        ("http://127.0.0.1/", ", allow_private: true", ""),
        ("http://hooks.example/", "", ""),
    ],
)
def test_a_wrong_url_is_a_mistake_of_the_configuration(url: str, more: str, message: str) -> None:
    """Told at its place, without the URL: it may hold a token."""
    text = f'outputs:\n  - {{name: hook, type: webhook, url: "{url}"{more}}}\n'
    if not message:
        loaded = loads(text, "f.yaml", {})
        [shown] = [line.value for line in loaded.origins if line.key == "outputs.hook.url"]
        assert shown == "***"
        return
    with pytest.raises(ConfigError) as caught:
        loads(text, "f.yaml", {})
    [problem] = caught.value.problems
    assert (problem.place, problem.path) == ("f.yaml:2:38", "outputs[0].url")
    assert message in problem.message
    assert url not in problem.message
