"""The document as a PDF of A4 pages: the same blocks in the same order, charts as vectors, text as text."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any, Final

from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    HRFlowable,
    Image,
    KeepInFrame,
    KeepTogether,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
)
from reportlab.platypus import Table as Grid

from monitor.report.evaluation.blocks import (
    TEST_MATERIAL,
    Block,
    Charts,
    Code,
    Document,
    Facts,
    Outcome,
    Pictures,
    Points,
    Section,
    Signatures,
    Subheading,
    Table,
    Text,
)
from monitor.report.evaluation.document import Material, document
from monitor.report.evaluation.fonts import MONO, PLAIN, marked_up, register
from monitor.report.evaluation.front import FRONT_ROWS
from monitor.report.evaluation.pdf_canvas import Numbered
from monitor.report.evaluation.pdf_look import FOOT, INK, MARGIN, PAGE, STYLES, WASH, WIDTH
from monitor.report.evaluation.pdf_parts import Begin, Drawn, Entry
from monitor.report.evaluation.pdf_tables import (
    LETTERS,
    Flowables,
    drawn_facts,
    drawn_outcome,
    drawn_signatures,
    drawn_table,
    paragraph,
)

_TOP: Final = 15 * mm
_HEIGHT: Final = PAGE[1] - _TOP - FOOT
_TALLEST: Final = 62 * mm  # of a worst frame


def as_pdf(material: Material) -> bytes:
    """The PDF; the same material gives the same bytes."""
    register()
    rows = FRONT_ROWS
    told = document(material, rows)
    # Page one is one page: criteria that do not fit stand in a section of their own.
    while rows and _height(_front(told)) > _HEIGHT:
        rows -= 1
        told = document(material, rows)
    front = _front(told)
    # The lines to sign on stand at the foot of the page.
    front.insert(-2, Spacer(1, max(_HEIGHT - _height(front) - 12, 0)))
    story = [KeepInFrame(WIDTH, _HEIGHT, front, mode="shrink"), PageBreak()]
    story += _contents(told.sections)
    for section in told.sections:
        story += _section(section)
    story += [Spacer(1, 10), paragraph(told.made, "note")]
    story.append(paragraph(f"seal {told.digest}", "note"))
    return _built(story, told)


def _built(story: Flowables, told: Document) -> bytes:
    target = BytesIO()
    template = BaseDocTemplate(
        target,
        pagesize=PAGE,
        title=f"{told.title}, run {told.run}",
        author="camdrift",
        creator="camdrift",
        subject=TEST_MATERIAL,
        lang="en",
        initialFontName=PLAIN,
        invariant=1,
        pageCompression=1,
    )
    frame = Frame(MARGIN, FOOT, WIDTH, _HEIGHT, 0, 0, 0, 0)
    template.addPageTemplates([PageTemplate("all", [frame])])

    def canvas(*args: Any, **kwargs: Any) -> Numbered:
        made = Numbered(*args, **kwargs)
        made.run = told.run
        made.showOutline()
        return made

    template.build(story, canvasmaker=canvas)
    return target.getvalue()


def _height(flowables: Flowables) -> float:
    """Of flowables below each other, with the space between them."""
    total, after = 0.0, 0.0
    for each in flowables:
        total += max(after, each.getSpaceBefore()) + each.wrap(WIDTH, _HEIGHT)[1]
        after = each.getSpaceAfter()
    return total


def _front(told: Document) -> Flowables:
    notice = paragraph(TEST_MATERIAL, "warning")
    flowables = [
        notice,
        Spacer(1, 8),
        paragraph(told.kicker, "kicker"),
        paragraph(told.title, "title"),
    ]
    for block in told.front:
        # reportlab does not tell the height of what it keeps together.
        flowables += _chart(block) if isinstance(block, Charts) else drawn(block)
    return flowables


def _contents(sections: Sequence[Section]) -> Flowables:
    return [
        paragraph("Contents", "section"),
        *(Entry(section.key, section.title) for section in sections),
        Spacer(1, 14),
    ]


def _section(section: Section) -> Flowables:
    """A section's heading stays with what follows it."""
    heading = [
        CondPageBreak(45 * mm),
        Spacer(1, 10),
        HRFlowable(width="100%", thickness=1, color=INK, spaceBefore=0, spaceAfter=4),
        Begin(section.key, section.title),
        paragraph(section.title, "section"),
    ]
    return [*heading, *(each for block in section.blocks for each in drawn(block))]


def drawn(block: Block) -> Flowables:
    """A block as reportlab's flowables."""
    if isinstance(block, Text):
        return [paragraph(block.text, block.kind)]
    if isinstance(block, Subheading):
        return [CondPageBreak(35 * mm), paragraph(block.text, "sub")]
    if isinstance(block, Points):
        return [Paragraph(marked_up(item), STYLES["point"], bulletText="•") for item in block.items]
    if isinstance(block, Charts):
        return [KeepTogether(_chart(block))]
    return _boxed(block)


def _chart(block: Charts) -> Flowables:
    note = [paragraph(block.note, "note")] if block.note else []
    return [paragraph(block.title, "chart"), Drawn(block.panels, WIDTH), *note]


def _boxed(block: Code | Pictures | Table | Facts | Outcome | Signatures) -> Flowables:
    if isinstance(block, Code):
        return _code(block)
    if isinstance(block, Pictures):
        return _pictures(block)
    if isinstance(block, Table):
        return drawn_table(block)
    if isinstance(block, Facts):
        return drawn_facts(block)
    if isinstance(block, Outcome):
        return drawn_outcome(block)
    return drawn_signatures(block)


def _code(block: Code) -> Flowables:
    grid = Grid(
        [[Paragraph(marked_up(" ".join(block.pieces), MONO), STYLES["code"])]], colWidths=[WIDTH]
    )
    grid.setStyle(
        [*LETTERS, ("BACKGROUND", (0, 0), (-1, -1), WASH), ("BOTTOMPADDING", (0, 0), (-1, -1), 6)]
    )
    grid.spaceAfter = 4
    return [grid]


def _pictures(block: Pictures) -> Flowables:
    gap = 6.0
    each = (WIDTH - 2 * gap) / 3
    images = [_image(content, each) for _, content in block.pictures]
    words = [paragraph(word, "note") for word, _ in block.pictures]
    grid = Grid([images, words], colWidths=[each + gap, each + gap, each])
    grid.setStyle(
        [
            *LETTERS,
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 0),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 0),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ]
    )
    parts = [
        paragraph(block.caption, "caption"),
        grid,
        paragraph(block.note, "warning"),
        Spacer(1, 9),
    ]
    return [KeepTogether(parts)]


def _image(content: bytes, width: float) -> Flowable:
    across, down = ImageReader(BytesIO(content)).getSize()
    scale = min(width / across, _TALLEST / down)
    image = Image(BytesIO(content), scale * across, scale * down)
    image.hAlign = "LEFT"
    return image
