"""The Word file and the card for a chat, read back by the library and the picture reader that their readers use."""

from __future__ import annotations

import datetime as dt
import io
import struct
import zipfile

import docx
import pytest

from screener.report.document import Chart, Document
from screener.report.outcome.dossier import build_dossier
from screener.screening import check_outcome
from screener.sources.snapshot import SnapshotSource
from screener.writers.card import draw_card
from screener.writers.word import render_word

# Every test here rests on pictures or files that take seconds to make.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def document(bundled) -> Document:
    return build_dossier(check_outcome(*bundled, SnapshotSource(), today=dt.date(2026, 1, 5)))


@pytest.fixture(scope="module")
def content(document) -> bytes:
    return render_word(document)


@pytest.fixture(scope="module")
def book(content):
    return docx.Document(io.BytesIO(content))


def test_every_table_of_the_report_is_a_real_table_with_its_head_repeated(document, book):
    texts = [[cell.text for cell in row.cells] for table in book.tables for row in table.rows]
    for table in document.tables:
        names = [row.head for row in table.rows]
        firsts = [row[0] for row in texts]
        assert all(any(each.startswith(name) for each in firsts) for name in names)
    assert "w:tblHeader" in book.element.xml


def test_every_chart_is_a_picture_that_says_what_it_shows(document, book):
    said = {shape._inline.docPr.get("descr") for shape in book.inline_shapes}
    assert {chart.finding for chart in document.blocks if isinstance(chart, Chart)} <= said


def test_the_header_names_the_report_and_the_footer_counts_pages(document, book):
    section = book.sections[0]
    assert document.title in section.header.paragraphs[0].text
    footer = section.footer.paragraphs[0]._p.xml
    assert 'w:instr="PAGE"' in footer
    assert 'w:instr="NUMPAGES"' in footer


def test_the_same_report_gives_the_same_bytes_without_a_clock(document, content):
    assert render_word(document) == content
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert {each.date_time[:3] for each in parts.infolist()} == {(2000, 1, 1)}


def test_a_card_is_1080_by_1350_and_the_same_each_time(document):
    card = draw_card(document)
    assert card[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", card[16:24]) == (1080, 1350)
    assert draw_card(document) == card
