"""Intake: what a person typed in becomes the same finding that a collector would make."""

from __future__ import annotations

from casework.intake import platform_of
from data.model.posts import PlatformName


def test_a_broken_address_belongs_to_no_platform() -> None:
    """An address that cannot be taken apart is nobody's, and never an error on the reporter's page."""
    assert platform_of("http://[::1") is PlatformName.OTHER_WEB


def test_a_known_host_names_its_platform() -> None:
    """A sub-domain of a known platform belongs to it; a look-alike does not."""
    assert platform_of("https://m.facebook.com/story") is PlatformName.FACEBOOK
    assert platform_of("https://facebook.com.evil.example/") is PlatformName.OTHER_WEB
