# SPDX-License-Identifier: Apache-2.0
"""A workbook of texts, as a spreadsheet program would save it."""
import io
import re
import zipfile
from xml.sax.saxutils import escape, quoteattr

MAIN, DOC = "http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/"


def text_cell(value):
    kept = re.sub(r"_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", value)
    kept = "".join(f"_x{ord(c):04X}_" if ord(c) < 32 and c not in "\t\n" else c for c in kept)
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(kept)}</t></is></c>'


def book(sheets, hidden=()):
    """The bytes of a workbook; sheets: rows, or rows by the sheet's name; hidden: names."""
    sheets = sheets if isinstance(sheets, dict) else {"Лист1": sheets}
    relation = lambda i, kind, target: f'<Relationship Id="rId{i}" Type="{DOC}/{kind}" Target="{target}"/>'
    names = enumerate(sheets, 1)
    state = lambda name: ' state="hidden"' if name in hidden else ""
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
                               '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}relationships">{relation(1, "officeDocument", "xl/workbook.xml")}</Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{DOC}"><sheets>'
                           + "".join(f'<sheet name={quoteattr(name)} sheetId="{i}"{state(name)} r:id="rId{i}"/>' for i, name in names) + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}relationships">'
                                      + "".join(relation(i, "worksheet", f"worksheets/sheet{i}.xml") for i in range(1, len(sheets) + 1)) + "</Relationships>",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, text in parts.items():
            z.writestr(name, text)
        for i, rows in enumerate(sheets.values(), 1):
            with z.open(f"xl/worksheets/sheet{i}.xml", "w") as f:
                f.write(f'<worksheet xmlns="{MAIN}"><sheetData>'.encode())
                for row in rows:
                    f.write(f'<row>{"".join(map(text_cell, row))}</row>'.encode())
                f.write(b"</sheetData></worksheet>")
    return out.getvalue()
