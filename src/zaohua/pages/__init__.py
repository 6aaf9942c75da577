"""Pages that are one self-contained file, in the look that all of them share."""

from zaohua.pages.page import self_contained

__all__ = ["self_contained"]
