"""Who a user agent is: bots, crawlers, scripts and scanners by the name they give themselves.

A plain table, no regular expressions: a token in the text (case ignored) means
a kind and a name, the first row that fits. Who calls itself something the table
does not know, but ends a word in ``bot``, ``spider`` or ``crawler``, is a bot of
that word. Browsers have no name here. Anybody can claim to be Googlebot: a name
says what a client calls itself, no more. No clock, no I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

AI, SEARCH, SEO, PREVIEW, MONITOR, SCRIPT, SCANNER, BOT = (
    "AI bot", "search bot", "SEO bot", "link preview", "monitor", "script", "scanner", "bot",
)  # fmt: skip

MAX_WORD = 40
"""Characters of a name taken from the text itself."""

REMEMBERED = 2048
"""Agents whose reading is remembered."""


@dataclass(frozen=True, slots=True)
class Agent:
    """A kind ("AI bot", "scanner"...) and a name, versions left out."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


# The order matters where one text holds two tokens: the more special first.
_TABLE: dict[str, tuple[str, ...]] = {
    AI: (
        "GPTBot", "ChatGPT-User", "OAI-SearchBot", "ClaudeBot", "Claude-User", "Claude-SearchBot",
        "Claude-Web", "anthropic-ai", "CCBot", "Bytespider", "PerplexityBot", "Perplexity-User",
        "Google-Extended", "Google-CloudVertexBot", "GoogleOther", "Amazonbot",
        "Applebot-Extended", "meta-externalagent", "meta-externalfetcher", "FacebookBot",
        "cohere-ai", "cohere-training-data-crawler", "MistralAI-User", "DuckAssistBot", "YouBot",
        "Diffbot", "ImagesiftBot", "omgili", "AI2Bot", "PanguBot", "Timpibot", "TikTokSpider",
        "DeepSeekBot", "ICC-Crawler", "Andibot",
    ),
    SEARCH: (
        "Googlebot", "Storebot-Google", "AdsBot-Google", "Mediapartners-Google", "bingbot",
        "BingPreview", "msnbot", "YandexBot", "YandexImages", "Baiduspider", "DuckDuckBot",
        "Applebot", "Slurp", "Sogou web spider", "360Spider", "PetalBot", "SeznamBot", "Qwantbot",
        "Qwantify", "MojeekBot", "Yeti/", "coccocbot", "Exabot", "archive.org_bot", "ia_archiver",
    ),
    SEO: (
        "AhrefsBot", "AhrefsSiteAudit", "SemrushBot", "MJ12bot", "DotBot", "rogerbot", "BLEXBot",
        "DataForSeoBot", "SERanking", "Barkrowler", "serpstatbot", "Screaming Frog", "linkdexbot",
        "SiteAuditBot", "ZoominfoBot", "AwarioBot", "MegaIndex",
    ),
    PREVIEW: (
        "facebookexternalhit", "Twitterbot", "Slackbot", "LinkedInBot", "Discordbot",
        "TelegramBot", "WhatsApp", "SkypeUriPreview", "Pinterestbot", "redditbot", "Mastodon",
    ),
    MONITOR: (
        "UptimeRobot", "Pingdom", "StatusCake", "Site24x7", "Datadog", "Blackbox-Exporter",
        "GoogleStackdriverMonitoring", "ELB-HealthChecker", "kube-probe", "HetrixTools",
        "BetterUptime", "Better Stack", "NodePing", "check_http", "Zabbix", "Prometheus",
        "GoogleHC", "Varnish-Probe", "Consul Health Check", "Updown.io", "Freshping",
    ),
    SCANNER: (
        "sqlmap", "Nikto", "Nuclei", "masscan", "zgrab", "Nmap", "WPScan", "gobuster", "ffuf",
        "feroxbuster", "dirsearch", "DirBuster", "Acunetix", "Nessus", "OpenVAS",
        "Qualys", "Arachni", "w3af", "ZmEu", "Jorgee", "muieblackcat", "Morfeus", "httpx",
        "CensysInspect", "Expanse", "InternetMeasurement", "Shodan", "LeakIX", "l9explore",
        "Netcraft", "hydra", "Fuzz Faster", "commix", "BurpSuite",
    ),
    SCRIPT: (
        "python-requests", "python-httpx", "aiohttp", "Python-urllib", "Scrapy", "HeadlessChrome",
        "PhantomJS", "Playwright", "Puppeteer", "Selenium", "curl", "Wget", "Go-http-client",
        "okhttp", "Apache-HttpClient", "Java/", "Java-http-client", "libwww-perl", "LWP::",
        "axios", "node-fetch", "undici", "got (", "GuzzleHttp", "PHP/", "Ruby", "Faraday",
        "PostmanRuntime", "insomnia", "HTTPie", "aria2", "lua-resty-http", "reqwest", "hyper/",
        "fasthttp", "RestSharp", "Dart/", "Mechanize", "colly", "HTTrack", "WordPress", "Twisted",
        "ApacheBench", "k6/", "Siege", "wrk", "Locust", "JMeter", "hey/", "vegeta",
    ),
}  # fmt: skip

# Scripts before scanners: the name of ProjectDiscovery's httpx ends python-httpx.
_ORDER = (AI, SEO, SEARCH, PREVIEW, MONITOR, SCRIPT, SCANNER)

TOKENS: tuple[tuple[str, Agent], ...] = tuple(
    (token.lower(), Agent(kind, token.strip(" /(:"))) for kind in _ORDER for token in _TABLE[kind]
)
"""(token in lower case, who it means), in the order they are tried."""

_BOTS = ("bot", "spider", "crawler")
_PHONES = frozenset({"cubot"})  # a maker of telephones
_HINTS = (b"bot", b"spider", b"crawl", b"compatible;", b"+http")
_BREAKS = str.maketrans(dict.fromkeys("/;()+,:_[]{}<>\"'", " "))


@lru_cache(maxsize=REMEMBERED)
def agent_of(text: str) -> Agent | None:
    """Who a user agent says it is, None for a browser and for what says nothing."""
    lowered = text.lower()
    for token, agent in TOKENS:
        if token in lowered:
            return agent
    for word in text.translate(_BREAKS).split():
        if word.lower().endswith(_BOTS) and word.lower() not in _PHONES:
            return Agent(BOT, word[:MAX_WORD])
    return None


def telling(value: bytes, most: int) -> bytes:
    """A user agent in `most` bytes, so cut that a bot's name stays.

    Bots that pass as a browser give their name behind a whole browser's
    (Googlebot, Bytespider, Applebot, Amazonbot): where the first `most` bytes
    name nobody and the rest does, a piece from the middle is left out.
    """
    if len(value) <= most:
        return value
    start = value[:most]
    tail = value[most // 2 : 16 * most].lower()
    if not any(hint in tail for hint in _HINTS) or agent_of(start.decode("latin-1")) is not None:
        return start
    lowered = tail.decode("latin-1").lower()
    agent = agent_of(lowered)
    if agent is None:
        return start
    token = next((t for t, known in TOKENS if known == agent), agent.name)
    place = most // 2 + lowered.index(token)
    named = value[place : place + most // 2 - 2]
    return value[: most - len(named) - 2] + b".." + named
