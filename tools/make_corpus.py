#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of the fuzz targets: tests/corpus/TARGET/NAME, made from the tables below.

usage: tools/make_corpus.py [FOLDER]

An input that a fuzzer found is kept beside them as `found-WHAT`; this script leaves those alone.
"""
import io
import os
import sys
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HEADER = "external_id;email;name;phone;created_at\n"

# Byte 0: the delimiter's number in ",;\t|" (low bits) and the limits; byte 1: how many bytes come at a time.
CSV = {
    "plain": b"\x00\x03" + b"a,b,c\n1,2,3\n",
    "quoted": b"\x00\x01" + b'a,"b ""q"" c","x\r\ny"\r\n,"",\r\n',
    "semicolon": b"\x01\x07" + HEADER.encode() + "1;a@example.com;Анна;+79161234567;01.02.2024\n".encode(),
    "tab-cr": b"\x02\x02" + b"a\tb\r1\t2\r",
    "pipe": b"\x03\x01" + b'a|"b|c"|d\n\n||\n',
    "sep-line": b"\x01\x02" + b"sep=;\r\na;b\r\n1;2\r\n",
    "open-quote": b"\x00\x01" + b'a,b\n1,"2\n3,4\n',
    "stray-quotes": b"\x00\x01" + b'a "b" c,d"e\n"x"y,"z" \n \'q\',"",""""\n',
    "bom": b"\x01\x05" + b"\xef\xbb\xbfa;b\r\n1;2\r\n",
    "utf-16": b"\x01\x01" + "\ufeffид;b\r\n1;2\r\n".encode("utf-16-le"),
    "cp1251": b"\x01\x00" + "имя;b\r\nАнна;2\r\n".encode("cp1251"),
    "nul": b"\x00\x01" + b"a,b\n\x00,1\n",
    "ragged": b"\x00\x01" + b"a,b,c\n1\n1,2,3,4,5\n\n,,\n",
    "mixed-ends": b"\x00\x01" + b"a,b\r1,2\n3,4\r\n5,6",
    "title-row": b"\x01\x00" + "Отчёт\n\na;b;c\n1;2;3\n4;5;6\n".encode(),
    "narrow-limits": b"\x71\x01" + b"a;b;c\n1;2;3\n",
}
JSONL = {
    "records": b'\x00{"external_id": "1", "custom_attributes": {"a": 1.10}}\n\n{"external_id": "2"}\r\n',
    "bom": b'\x04\xef\xbb\xbf{"a": "\\u043f"}\n',
    "array": b'\x00[{"a": 1}]\n',
    "cut-off": b'\x00{"a": "b',
    "short-limit": b'\x02{"external_id": "1234567890"}\n',
}
# Byte 0 chooses what the rest is: the sheet, shared strings, styles, workbook, its relations, the package's relations, or the archive.
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
XLSX_PARTS = {
    "sheet-kinds": (0, f'<?xml version="1.0" encoding="UTF-8"?><worksheet {MAIN}><dimension ref="A1:C9"/><sheetData><row r="1" spans="1:3">'
                       '<c r="A1" t="s"><v>1</v></c><c r="B1" t="inlineStr"><is><r><t xml:space="preserve"> a_x000D_&amp;</t></r><rPh sb="0" eb="1"><t>k</t></rPh></is></c>'
                       '<c r="C1" t="b"><v>1</v></c></row><row><c t="e"><v>#N/A</v></c><c t="str"><f>A1</f><v>x\ny</v></c><c t="d"><v>2024-01-01T10:00:00</v></c>'
                       '<c s="1"><v>45292.25</v></c><c s="9"><v>1e5</v></c><c><v>-0</v></c><c/></row></sheetData></worksheet>'),
    "sheet-prefixed": (0, '<x:worksheet xmlns:x="http://purl.oclc.org/ooxml/spreadsheetml/main"><x:sheetData><x:row r="7"><x:c r="AB7"><x:v>17.5</x:v></x:c></x:row></x:sheetData></x:worksheet>'),
    "sheet-cdata": (0, f'<worksheet {MAIN}><sheetData><row><c t="str"><v><![CDATA[<a>]]>&#x41;<!-- c --></v></c></row></sheetData><extLst><ext uri="u"><c><v>9</v></c></ext></extLst></worksheet>'),
    "sheet-doctype": (0, '<!DOCTYPE w [<!ENTITY a "b">]><worksheet><sheetData><row><c><v>&a;</v></c></row></sheetData></worksheet>'),
    "sheet-utf-16": (0, '\ufeff<?xml version="1.0" encoding="UTF-16"?><worksheet><sheetData><row><c><v>5</v></c></row></sheetData></worksheet>'.encode("utf-16-le")),
    "strings": (1, f'<sst {MAIN} count="3" uniqueCount="3"><si><t>a</t></si><si><r><t>b</t></r><r><rPr/><t xml:space="preserve"> c</t></r></si><si/></sst>'),
    "styles": (2, f'<styleSheet {MAIN}><numFmts count="2"><numFmt numFmtId="164" formatCode="[$-419]d\\ mmmm\\ yyyy;@"/><numFmt numFmtId="165" formatCode="ДД.ММ.ГГГГ"/></numFmts>'
                  '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs></styleSheet>'),
    "workbook": (3, f'<workbook {MAIN} xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><workbookPr date1904="1"/><sheets>'
                    '<sheet name="H" sheetId="1" state="hidden" r:id="a"/><sheet name="B" sheetId="2" r:id="a"/></sheets></workbook>'),
    "relations": (4, '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="a" Type="http://x/worksheet" Target="/xl/Worksheets/../worksheets/sheet1.xml"/>'
                     '<Relationship Id="b" Type="http://x/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="c" Type="http://x/styles" Target="http://127.0.0.1/" TargetMode="External"/></Relationships>'),
    "package": (5, '<Relationships><Relationship Id="r" Type="/officeDocument" Target="xl\\workbook.xml"/></Relationships>'),
}
MULTIPART = {
    "fields": b'\x05--b\r\nContent-Disposition: form-data; name="data[type]"\r\n\r\nconsumers\r\n--b\r\nContent-Disposition: attachment; name="x"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\na;b\r\n1;2\r\n--b--\r\n',
    "preamble": b'\x20hello\r\n--b\r\nContent-Disposition: form-data; name*=UTF-8\'\'%D0%B8\r\n\r\n\r\n--b--epilogue',
    "quoted-name": b'\x03--b\r\nContent-Disposition: form-data; name="a\\"b;c"\r\n\r\n--\r\n--bb\r\n\r\n--b--\r\n',
    "cut-off": b'\x00--b\r\nContent-Disposition: form-da',
}
JSON = {
    "create": '{"data":{"type":"consumers","attributes":{"external_id":"347771386","name":"Анна","email":"anna@example.com","phone":"+7 (916) 123-45-67",'
              '"created_at":"2018-01-01T00:11:22+03:00","unsubscribed":true,"custom_attributes":{"ltv":1.10,"tags":["a",{"b":null}],"x":1e400}}}}',
    "numbers": '{"data":{"type":"consumers","attributes":{"external_id":12345678901234567890,"phone":79161234567,"email":null,"custom_attributes":{"a":-0,"b":0.1E-5}}}}',
    "nulls": '{"data":{"type":"consumers","attributes":{"custom_attributes":null,"name":"","complained":null,"created_at":"0000-00-00"}}}',
    "php": '{"data":{"type":"consumers","attributes":{"custom_attributes":[]}}}',
    "repeats": '{"data":{"attributes":{"name":"a","name":"b","custom_attributes":{"k":1,"k":2}}}}',
    "escapes": '{"data":{"attributes":{"name":"\\ud83d\\ude00\\u0000\\n\\/","email":"п@пример.рф"}}}',
    "deep": '{"data":' + "[" * 70 + "]" * 70 + "}",
    "record-line": '{"external_id":"1","custom_attributes":{"регион":"Тверь"}}',
    "wrong-type": '{"data":{"type":"orders","attributes":[1]}}',
    "cut-off": '{"data":{"attributes":{"name":"\\ud8',
}
# Byte 0: whether it is a form.
FORMS = {
    "form": b"\1data[type]=consumers&data[attributes][external_id]=1&data[attributes][custom_attributes][ltv]=1%2E5&data%5Battributes%5D%5Bname%5D=%D0%90+b",
    "form-unsent": b"\1data[attributes][email]=&data[attributes][custom_attributes][a][b]=c&data[attributes][custom_attributes][a]=d",
    "form-cut-off": b"\1data[attributes][=%D0&%zz",
}


# A header, its cells apart by "|"; a line before it is a mapping, repairs or another setting.
COLUMNS = {
    "five": "external_id|email|name|phone|created_at",
    "russian": "ID клиента|Эл. почта|ФИО|Телефон|Дата регистрации|Город",
    "parts": "external_id|Фамилия|Имя|Отчество|email|phone|created_at",
    "joined": '{"Фамилия":"name_part","Имя":"name_part+first_name"}\nexternal_id|Фамилия|Имя|email|phone|created_at',
    "dotted": 'external_id|email|name|phone|created_at|attributes.id|attributes.first_name|custom_attributes.x|custom_attributes."y "',
    "near": "extrnal_id|emial|Телефон клиента|ID|first_name|",
    "repeats": "external_id|email|name|phone|created_at|x|x",
    "by-number": '{"#6":"ignore","#7":"custom_attributes.z"}\nexternal_id|email|name|phone|created_at|x|x',
    "repairs": '[{"column":"phone","rule":"phone_8_to_7"},{"column":"#6","rule":"pad_zeros","value":"7"}]\nexternal_id|email|name|phone|created_at|x',
    "update-only": "update_only\nexternal_id|ltv",
    "import-error": "external_id|email|name|phone|created_at|import_error",
}
FILTERS = {
    "texts": "email:eq:Anna@Example.com,phone:in:79000000001|8 900 000-00-02,name:neq:",
    "dates": "created_at:gte:2026-01-01T00:00:00Z,updated_at:lt:2026-09-25T14:03:11+03:00",
    "ids": "id:gt:000000000000000000000000,legacy_id:in:5a1f00000000000000000001|5a1f00000000000000000002",
    "rest": "unsubscribed:eq:false,external_id:exists:true",
    "attributes": "custom_attributes.ltv:gt:1e3,custom_attributes.city:eq:Москва",
    "escapes": "name:eq:a\\,b\\|c\\\\,custom_attributes.a\\:b:eq:x",
    "order": "-created_at,name:asc,id:desc",
    "wrong": "name:eq,:eq:x,name:foo:x,,",
}


def archive():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, text in {
            "_rels/.rels": '<Relationships><Relationship Id="a" Type="/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": '<workbook xmlns:r="r"><sheets><sheet name="A" r:id="a"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": '<Relationships><Relationship Id="a" Type="/worksheet" Target="s.xml"/></Relationships>',
            "xl/s.xml": "<worksheet><sheetData><row><c><v>1</v></c></row></sheetData></worksheet>",
        }.items():
            z.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def bytes_of(value):
    return value if isinstance(value, bytes) else value.encode()


def targets():
    xlsx = {name: bytes([part]) + bytes_of(text) for name, (part, text) in XLSX_PARTS.items()}
    xlsx["archive"] = b"\x06" + archive()
    body = {name: b"\0" + bytes_of(text) for name, text in JSON.items()} | FORMS
    return {"formats_csv": CSV, "formats_jsonl": JSONL, "formats_xlsx": xlsx, "http_multipart": MULTIPART, "api_body": body,
            "importer_columns": COLUMNS, "domain_filter": FILTERS}


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "tests", "corpus")
    for target, seeds in targets().items():
        os.makedirs(os.path.join(folder, target), exist_ok=True)
        for name, value in seeds.items():
            with open(os.path.join(folder, target, name), "wb") as f:
                f.write(bytes_of(value))


main()
