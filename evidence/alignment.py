"""Whether two pictures of one page show things at the same places: only then may the map of the page say what to cover in both.

A banner, pictures that came late or a bar that was hidden can move everything below it between two pictures. Then a box by the map would
cover the wrong place, and a child's face beside it would go out.
"""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageChops

from evidence.boxes import Box, PageMap

ENOUGH = 0.5  # share of all mapped things in the post's picture that must stand where the map says; others may lie under a banner


def is_top(screen: Image.Image, parts: Sequence[Image.Image]) -> bool:
    """Whether the first screen is the top of the whole page, pixel for pixel."""
    return bool(parts) and _same(screen, _cut(parts, Box(0, 0, screen.width, screen.height)))


def agrees(post: Image.Image, at: tuple[int, int], parts: Sequence[Image.Image], found: PageMap, covering: Sequence[Box]) -> bool:
    """Whether the post's own picture, which stands at `at` on the page, shows mapped things where the whole page shows them.

    Everything that is to be covered in it must look the same in both, and half of all that the map lists there. Nothing is known of what
    it shows where the map lists nothing, or beyond the whole page's picture: it may be a post in a box that was scrolled for it.
    """
    here = Box(at[0], at[1], post.width, post.height)

    def same(box: Box) -> bool:
        mine = _cut([post], Box(box.x - at[0], box.y - at[1], box.width, box.height))
        return mine is not None and _same(mine, _cut(parts, box))

    mapped = [inside for box, _ in (*found.pictures, *found.lines) if (inside := _inside(box, here))]
    if not mapped or _cut(parts, here) is None or sum(map(same, mapped)) < ENOUGH * len(mapped):
        return False
    return all(same(inside) for box in covering if (inside := _inside(box, here)))


def looks_alike(one: Image.Image, at: tuple[int, int], other: Image.Image, other_at: tuple[int, int], box: Box) -> bool:
    """Whether two pictures of a page, which stand at `at` and `other_at`, show the same within a box, where both show anything of it."""
    mine = _inside(box, Box(*at, *one.size))
    both = mine and _inside(mine, Box(*other_at, *other.size))
    if not both:
        return True
    here = _cut([one], Box(both.x - at[0], both.y - at[1], both.width, both.height))
    there = _cut([other], Box(both.x - other_at[0], both.y - other_at[1], both.width, both.height))
    return here is not None and _same(here, there)


def _inside(box: Box, frame: Box) -> Box | None:
    """Return what of a box lies in a frame."""
    left, top = max(box.x, frame.x), max(box.y, frame.y)
    right, bottom = min(box.x + box.width, frame.x + frame.width), min(box.y + box.height, frame.y + frame.height)
    return Box(left, top, right - left, bottom - top) if left < right and top < bottom else None


def _cut(parts: Sequence[Image.Image], box: Box) -> Image.Image | None:
    """Return a place of a page that is kept in parts, one below the other; None where it does not lie wholly on it."""
    cut, top = Image.new("RGB", (box.width, box.height)), 0
    if box.x < 0 or box.y < 0 or not parts or box.x + box.width > parts[0].width:
        return None
    for part in parts:
        first, last = max(box.y, top), min(box.y + box.height, top + part.height)
        if first < last:
            cut.paste(part.crop((box.x, first - top, box.x + box.width, last - top)), (0, first - box.y))
        top += part.height
    return cut if box.y + box.height <= top else None


def _same(one: Image.Image, other: Image.Image | None) -> bool:
    return other is not None and one.size == other.size and ImageChops.difference(one, other).getbbox() is None
