"""The few forms of PromQL that the panels are made of."""

NAMESPACE = 'namespace=~"$namespace"'


def of(metric: str, *matchers: str) -> str:
    """The metric's series in the chosen namespaces: `of("lianxin_outbox_rows", 'service="sla"')`."""
    return f"{metric}{{{','.join((NAMESPACE, *matchers))}}}"


def rate(metric: str, by: str, *matchers: str) -> str:
    """A counter's rise a second, summed over what `by` does not name."""
    return f"sum by ({by}) (rate({of(metric, *matchers)}[$__rate_interval]))"


def per_minute(metric: str, by: str, *matchers: str) -> str:
    """The same a minute, for what happens now and then."""
    return f"60 * {rate(metric, by, *matchers)}"


def within(window: str, metric: str, by: str, *matchers: str) -> str:
    """By how much a counter rose in the last `window`."""
    return f"sum by ({by}) (increase({of(metric, *matchers)}[{window}]))"


def read(metric: str, by: str, *matchers: str) -> str:
    """A gauge that every replica reads alike."""
    return f"max by ({by}) ({of(metric, *matchers)})"


def total(metric: str, by: str, key: str, *matchers: str) -> str:
    """The sum by `by` of such a gauge whose series differ by `key` besides."""
    return f"sum by ({by}) ({read(metric, key, *matchers)})" if by else f"sum({read(metric, key, *matchers)})"


def quantile(share: float, histogram: str, by: str, *matchers: str) -> str:
    """The bound that `share` of the observations did not pass."""
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({share:g}, {rate(f'{histogram}_bucket', labels, *matchers)})"


def lasting(share: float, histogram: str) -> str:
    """The same over a day, for what happens a few times an hour."""
    return f"histogram_quantile({share:g}, {within('24h', f'{histogram}_bucket', 'le')})"


def mean(histogram: str, by: str, *matchers: str) -> str:
    """The mean of what a histogram observed."""
    return f"{rate(f'{histogram}_sum', by, *matchers)} / {rate(f'{histogram}_count', by, *matchers)}"


def or_none(expr: str, beside: str) -> str:
    """`expr`, or 0 where it has no series though `beside`, read in the same look, has: what is absent stays absent."""
    return f"{expr} or 0 * {beside}"
