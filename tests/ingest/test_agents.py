"""User agents: a bot is called by its name, whatever its version and wherever its name stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logmond.frame.agents import TOKENS, Agent, agent_of, telling
from logmond.ingest.kernel.names import KEY_BYTES, user_agent_of

# As their makers document them, and as they stand in logs.
NAMED = [
    ("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; GPTBot/1.1; "
     "+https://openai.com/gptbot", "AI bot GPTBot"),
    ("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ClaudeBot/1.0; "
     "+claudebot@anthropic.com)", "AI bot ClaudeBot"),
    ("CCBot/2.0 (https://commoncrawl.org/faq/)", "AI bot CCBot"),
    ("Mozilla/5.0 (Linux; Android 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Mobile "
     "Safari/537.36 (compatible; Bytespider; spider-feedback@bytedance.com)", "AI bot Bytespider"),
    ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_10_1) AppleWebKit/600.2.5 (KHTML, like Gecko) "
     "Version/8.0.2 Safari/600.2.5 (Amazonbot/0.1; "
     "+https://developer.amazon.com/support/amazonbot)", "AI bot Amazonbot"),
    ("meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)",
     "AI bot meta-externalagent"),
    ("Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like "
     "Gecko) Chrome/120.0.6099.71 Mobile Safari/537.36 (compatible; Googlebot/2.1; "
     "+http://www.google.com/bot.html)", "search bot Googlebot"),
    ("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; "
     "+http://www.bing.com/bingbot.htm) Chrome/103.0.5060.134 Safari/537.36", "search bot bingbot"),
    ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_5) AppleWebKit/605.1.15 (KHTML, like Gecko) "
     "Version/13.1.1 Safari/605.1.15 (Applebot/0.1; +http://www.apple.com/go/applebot)",
     "search bot Applebot"),
    ("Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", "SEO bot AhrefsBot"),
    ("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
     "link preview facebookexternalhit"),
    ("Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
     "monitor UptimeRobot"),
    ("curl/8.5.0", "script curl"),
    ("python-requests/2.31.0", "script python-requests"),
    ("python-httpx/0.27.0", "script python-httpx"),
    ("Java/17.0.9", "script Java"),
    ("Go-http-client/2.0", "script Go-http-client"),
    ("sqlmap/1.7.2#stable (https://sqlmap.org)", "scanner sqlmap"),
    ("Mozilla/5.00 (Nikto/2.5.0) (Evasions:None) (Test:000001)", "scanner Nikto"),
    ("Mozilla/5.0 zgrab/0.x", "scanner zgrab"),
    ("Mozilla/5.0 (compatible; NobodyKnowsBot/3.1)", "bot NobodyKnowsBot"),
    ("sitecrawler 1", "bot sitecrawler"),
]  # fmt: skip

BROWSERS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/120.0.0.0 Safari/537.36 Edg/120.0.0.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/17.0 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 9; CUBOT_P30) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/112.0.0.0 Mobile Safari/537.36",
    "-",
    "",
]


@pytest.mark.parametrize(("text", "said"), NAMED)
def test_whoever_says_who_it_is_is_called_by_its_name(text: str, said: str) -> None:
    """Also from the key it is counted under, of which only 96 bytes are kept."""
    assert str(agent_of(text)) == said
    key = user_agent_of(text.encode())
    assert len(key) <= KEY_BYTES
    assert str(agent_of(key)) == said


@pytest.mark.parametrize("text", BROWSERS)
def test_a_browser_has_no_name(text: str) -> None:
    """A person is behind it, or somebody who does not say; its key is cut as any other."""
    assert agent_of(text) is None
    assert user_agent_of(text.encode()) == (text[:KEY_BYTES] or "-")


def test_versions_of_one_bot_have_one_name() -> None:
    """What is summed is who it is, not which release."""
    assert agent_of("GPTBot/1.0") == agent_of("gptbot/1.1; +x") == Agent("AI bot", "GPTBot")


def test_every_token_of_the_table_is_found_as_itself() -> None:
    """No earlier row hides a later one, apart from names that contain another's."""
    for token, agent in TOKENS:
        found = agent_of(token)
        assert found is not None
        assert found == agent or found.name.lower() in agent.name.lower(), (token, found)


@given(st.binary(max_size=400), st.sampled_from([b"", b"(compatible; ", b"Googlebot", b"\xc0bot "]))
def test_any_agent_is_cut_to_its_bytes(value: bytes, planted: bytes) -> None:
    """Hostile ones too; short ones stay as they are."""
    whole = value[:200] + planted + value[200:]
    cut = telling(whole, KEY_BYTES)
    assert len(cut) == min(len(whole), KEY_BYTES)
    assert whole.startswith(cut) or b".." in cut
    user_agent_of(whole)
