"""Charts as SVG, drawn here: no library, and no style that the page's policy would have to allow."""

from __future__ import annotations

from collections.abc import Sequence

from bot.render.audit_fold import Bar, Share

_WIDTH, _HEIGHT, _TOP, _BOTTOM = 860, 250, 24, 30
_BAR = 36


def histogram_chart(bars: Sequence[Bar]) -> str:
    """Draw two bars a span: by date, and by logic."""
    most = max((max(bar.updated, bar.logic) for bar in bars), default=0) or 1
    room = _HEIGHT - _TOP - _BOTTOM
    step = _WIDTH / max(len(bars), 1)
    parts: list[str] = []
    for place, bar in enumerate(bars):
        middle = step * (place + 0.5)
        for number, kind, left in ((bar.updated, "date", middle - _BAR - 1), (bar.logic, "logic", middle + 1)):
            height = room * number / most
            top = _HEIGHT - _BOTTOM - height
            parts.append(
                f'<rect class="{kind}" x="{left:.1f}" y="{top:.1f}" width="{_BAR}" height="{height:.1f}" rx="3"/>'
                f'<text class="soft" x="{left + _BAR / 2:.1f}" y="{top - 6:.1f}" text-anchor="middle">{number:,}</text>'
            )
        parts.append(f'<text x="{middle:.1f}" y="{_HEIGHT - 9}" text-anchor="middle">{bar.label}</text>')
    floor = _HEIGHT - _BOTTOM
    axis = f'<line class="axis" x1="0" y1="{floor}" x2="{_WIDTH}" y2="{floor}"/>'
    title = "; ".join(f"{bar.label}: {bar.updated:,} by date, {bar.logic:,} by logic" for bar in bars)
    return (
        f'<svg class="histogram" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{title}">'
        f"{axis}{''.join(parts)}</svg>"
    )


def share_bar(share: Share, most: int) -> str:
    """Draw how many rules there are, the stale ones in front."""
    total = 100 * share.rules / most if most else 0
    stale = 100 * share.stale / most if most else 0
    return (
        '<svg viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="rest" width="{total:.1f}" height="12"/>'
        f'<rect class="logic" width="{stale:.1f}" height="12"/></svg>'
    )


__all__ = ["histogram_chart", "share_bar"]
