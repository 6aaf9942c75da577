"""The report of a finished corpus as one page."""

from zaohua.corpus.report.page import write_report

__all__ = ["write_report"]
