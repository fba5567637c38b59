# SPDX-License-Identifier: Apache-2.0
"""A large workbook as Excel writes it: shared strings, a style for dates, numbers."""
import zipfile

NAMES = ["Анна Петрова", "Борис Иванов", "Вера Смирнова", "Глеб Кузнецов", "Дарья Попова", "Егор &amp; Жанна"]
CITIES = ["Москва", "Санкт-Петербург", "Казань", "Екатеринбург", "Новосибирск", "Самара", "Пермь", "Томск"]
HEADER = ["external_id", "email", "name", "phone", "created_at", "orders_count", "ltv", "city", "manager", "segment"]
SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SMALL_PARTS = {
    "[Content_Types].xml": f'{XML}<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType='
    '"application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
    + "".join(f'<Override PartName="/xl/{part}.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.{kind}+xml"/>'
              for part, kind in (("workbook", "sheet.main"), ("worksheets/sheet1", "worksheet"), ("styles", "styles"),
                                 ("sharedStrings", "sharedStrings"))) + "</Types>",
    "_rels/.rels": f'{XML}<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" Type="{OFFICE}/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'{XML}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="Клиенты" sheetId="1" r:id="rId1"/>'
    "</sheets></workbook>",
    "xl/_rels/workbook.xml.rels": f'{XML}<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{OFFICE}/styles" Target="styles.xml"/>'
    f'<Relationship Id="rId3" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
    "xl/styles.xml": f'{XML}<styleSheet xmlns="{MAIN}"><fonts count="1"><font/></fonts><fills count="1"><fill><patternFill/></fill></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs></styleSheet>',
}


class Strings:
    def __init__(self):
        self.index = {}

    def of(self, text):
        return self.index.setdefault(text, len(self.index))


def cells_of(n, strings):
    """(kind, value) of each cell of row n; kinds: s a shared string's number, n a number, d a date's."""
    k = 1000000000 + n
    texts = [f"K-{k}", f"user{k}@example.com", NAMES[n % 6], f"+7 9{k % 100000000:08d}"]
    return [*(("s", strings.of(t)) for t in texts), ("d", f"{43101 + n % 2000}.{n % 1000:03d}1"), ("n", n % 50),
            ("n", f"{n % 90000}.5"), *(("s", strings.of(t)) for t in (CITIES[n % 8], f"manager {n % 40}", f"segment {n % 12}"))]


def row_xml(number, cells):
    form = {"s": '<c r="{}{}" t="s"><v>{}</v></c>', "n": '<c r="{}{}"><v>{}</v></c>', "d": '<c r="{}{}" s="1"><v>{}</v></c>'}
    inside = "".join(form[kind].format("ABCDEFGHIJ"[i], number, value) for i, (kind, value) in enumerate(cells))
    return f'<row r="{number}">{inside}</row>'


def write(path, rows):
    """Writes the workbook; returns the bytes of its sheet and of its shared strings."""
    strings = Strings()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as z:
        for name, text in SMALL_PARTS.items():
            z.writestr(name, text)
        with z.open(SHEET, "w") as out:
            out.write(f'{XML}<worksheet xmlns="{MAIN}"><dimension ref="A1:J{rows + 1}"/><sheetData>'.encode())
            out.write(row_xml(1, [("s", strings.of(h)) for h in HEADER]).encode())
            for n in range(rows):
                out.write(row_xml(n + 2, cells_of(n, strings)).encode())
            out.write(b"</sheetData></worksheet>")
        with z.open(STRINGS, "w") as out:
            count = len(strings.index)
            out.write(f'{XML}<sst xmlns="{MAIN}" count="{7 * rows + 10}" uniqueCount="{count}">'.encode())
            for text in strings.index:
                out.write(f"<si><t>{text}</t></si>".encode())
            out.write(b"</sst>")
    return sizes(path)


def sizes(path):
    with zipfile.ZipFile(path) as z:
        return z.getinfo(SHEET).file_size, z.getinfo(STRINGS).file_size
