/* xlsx_fuzz: any bytes as one part of an otherwise good workbook, or as the archive itself.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "formats/fuzz_rows.h"
#include "formats/xlsx_strings.h"
#include "formats/xlsx_value.h"

#include <stdlib.h>
#include <zip.h>

#define TYPE "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

static const struct {
    const char *name, *text;
} parts[] = {
    {"xl/worksheets/sheet1.xml", "<worksheet><sheetData><row><c t=\"s\"><v>0</v></c><c s=\"1\">"
                                 "<v>45292.5</v></c></row></sheetData></worksheet>"},
    {"xl/sharedStrings.xml", "<sst><si><t>a</t></si><si><t>b</t></si></sst>"},
    {"xl/styles.xml", "<styleSheet><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs>"
                      "</styleSheet>"},
    {"xl/workbook.xml", "<workbook xmlns:r=\"" TYPE "\"><sheets><sheet name=\"A\" r:id=\"a\"/>"
                        "<sheet name=\"B\" r:id=\"a\"/></sheets></workbook>"},
    {"xl/_rels/workbook.xml.rels", "<Relationships><Relationship Id=\"a\" Type=\"/worksheet\" "
                                   "Target=\"worksheets/sheet1.xml\"/></Relationships>"},
    {"_rels/.rels", "<Relationships><Relationship Id=\"a\" Type=\"/officeDocument\" "
                    "Target=\"xl/workbook.xml\"/></Relationships>"},
};

/* A workbook whose part number `which` is text. */
static void make_book(struct buf *out, size_t which, str text)
{
    zip_error_t error;
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, &error);
    zip_t *zip = zip_open_from_source(source, ZIP_TRUNCATE, &error);
    assert(zip);
    zip_source_keep(source);
    for (size_t i = 0; i < COUNT(parts); i++) {
        str part = i == which ? text : str_of(parts[i].text);
        zip_source_t *from = zip_source_buffer(zip, part.ptr, part.len, 0);
        zip_int64_t at = zip_file_add(zip, parts[i].name, from, ZIP_FL_ENC_UTF_8);
        assert(at >= 0);
        (void)zip_set_file_compression(zip, (zip_uint64_t)at, ZIP_CM_STORE, 0);
    }
    int rc = zip_close(zip);
    assert(rc == 0);
    rc = zip_source_open(source);
    assert(rc == 0);
    for (;;) {
        bool ok = buf_reserve(out, 4096);
        assert(ok);
        zip_int64_t n = zip_source_read(source, out->ptr + out->len, 4096);
        assert(n >= 0);
        if (n == 0)
            break;
        out->len += (size_t)n;
    }
    (void)zip_source_close(source);
    zip_source_free(source);
}

/* Numbers, dates, formats and escapes are also given the bytes as they are. */
static void check_values(str text)
{
    AUTO(buf_done) struct buf b = {0};
    xlsx_number_text(&b, text);
    size_t len = b.len;
    bool date = xlsx_date_text(&b, text, text.len & 1);
    assert(date ? b.len - len >= 8 && b.len - len <= 19 : b.len == len);
    (void)xlsx_format_is_date(164, text);
    xlsx_iso_date_text(&b, text);
    buf_reset(&b);
    xlsx_text_decode(&b, text);
    assert(b.len <= text.len && (!utf8_valid(text) || utf8_valid(buf_str(&b))));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const sheets[] = {NULL, "1", "B", "3"};
    if (size < 1)
        return 0;
    size_t which = data[0] % (COUNT(parts) + 1);
    str text = {(const char *)data + 1, size - 1};
    const struct rows_options options = {
        .sheet = sheets[data[0] >> 6], .row_bytes = 1000, .columns = 100};
    AUTO(buf_done) struct buf book = {0};
    AUTO(memory_file_close) struct memory_file file;
    check_values(text);
    if (which < COUNT(parts))
        make_book(&book, which, text);
    else
        buf_add(&book, text);
    memory_file_open(&file, buf_str(&book));
    (void)check_rows(file.path, &options, NULL, NULL);
    return 0;
}
