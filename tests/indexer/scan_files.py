"""Pictures of nothing in particular, as files."""

import io

from PIL import Image
from pypdf import PdfReader, PdfWriter

from tests.indexer.sample_files import pdf


def drawn(width: int = 600, height: int = 800, shade: int = 0) -> Image.Image:
    """White paper with dark bars on it."""
    picture = Image.new("L", (width, height), 255)
    for top in range(height // 8, height - height // 8, height // 16):
        picture.paste(shade, (width // 8, top, width - width // 8, top + height // 40))
    return picture


def saved(picture: Image.Image, kind: str, *more: Image.Image) -> bytes:
    """A picture, or several pages of them, in a format."""
    out = io.BytesIO()
    paged = {"save_all": True, "append_images": more} if more else {}
    picture.save(out, kind, **paged)
    return out.getvalue()


def pages(*contents: str | Image.Image | tuple[Image.Image, str]) -> bytes:
    """A PDF of text, pictures, and pictures with text over them."""
    writer = PdfWriter()
    for content in contents:
        if isinstance(content, str):
            writer.append(PdfReader(io.BytesIO(pdf([content]))))
            continue
        picture, text = content if isinstance(content, tuple) else (content, "")
        page = writer.add_page(PdfReader(io.BytesIO(saved(picture, "PDF"))).pages[0])
        if text:
            page.merge_page(PdfReader(io.BytesIO(pdf([text]))).pages[0])
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
