/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/rows.h"

#include "base/limits.h"
#include "formats/show_rows.h"

#include <zip.h>

#define XML  "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
#define MAIN "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\""
#define RELS "xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\""
#define TYPE "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

struct book {            /* NULL: none, or the usual one */
    const char *rows;    /* inside <sheetData> of the first sheet */
    const char *strings; /* inside <sst> */
    const char *sheets;  /* inside <sheets> */
    const char *extra;   /* inside <workbook>, before the sheets */
    const char *sheet;   /* the whole part of the first sheet */
};

static const char styles[] =
    XML "<styleSheet " MAIN "><numFmts count=\"2\">"
        "<numFmt numFmtId=\"164\" formatCode=\"dd.mm.yyyy hh:mm\"/>"
        "<numFmt numFmtId=\"165\" formatCode=\"0&quot; days&quot;\"/></numFmts>"
        "<cellStyleXfs count=\"1\"><xf numFmtId=\"14\"/></cellStyleXfs><cellXfs count=\"4\">"
        "<xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"164\"/><xf numFmtId=\"165\"/>"
        "</cellXfs></styleSheet>";
static const char usual_sheets[] = "<sheet name=\"First\" sheetId=\"1\" r:id=\"rId1\"/>";
static const char second_sheet[] =
    XML "<worksheet " MAIN "><sheetData><row r=\"1\"><c r=\"A1\"><v>2</v></c></row></sheetData>"
        "</worksheet>";

static zip_t *archive_new(const struct folder *f)
{
    int code;
    zip_t *zip = zip_open(f->file, ZIP_CREATE | ZIP_TRUNCATE, &code);
    assert_non_null(zip);
    return zip;
}

static void add_part(zip_t *zip, const char *name, str text)
{
    char *copy = malloc(text.len + 1);
    assert_non_null(copy);
    memcpy(copy, text.ptr, text.len);
    zip_source_t *source = zip_source_buffer(zip, copy, text.len, 1);
    assert_true(source && zip_file_add(zip, name, source, ZIP_FL_ENC_UTF_8) >= 0);
}

static void add_format(zip_t *zip, const char *name, const char *format, ...) PRINTF(3, 4);
static void add_format(zip_t *zip, const char *name, const char *format, ...)
{
    char *text;
    va_list args;
    va_start(args, format);
    int n = vasprintf(&text, format, args);
    va_end(args);
    assert_true(n >= 0);
    add_part(zip, name, (str){text, (size_t)n});
    free(text);
}

/* Adds the parts that every workbook has, but the first sheet. */
static void add_frame(zip_t *zip, const struct book *b)
{
    add_format(zip, "[Content_Types].xml", XML "<Types/>");
    add_format(zip, "_rels/.rels",
               XML "<Relationships " RELS "><Relationship Id=\"rId1\" Type=\"" TYPE
                   "/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>");
    add_format(zip, "xl/workbook.xml",
               XML "<workbook " MAIN " xmlns:r=\"" TYPE "\" xmlns:x15=\"urn:x15\">%s"
                   "<sheets>%s</sheets></workbook>",
               b->extra ? b->extra : "", b->sheets ? b->sheets : usual_sheets);
    add_format(
        zip, "xl/_rels/workbook.xml.rels",
        XML
        "<Relationships " RELS ">"
        "<Relationship Id=\"rId1\" Type=\"" TYPE "/worksheet\" Target=\"worksheets/sheet1.xml\"/>"
        "<Relationship Id=\"rId2\" Type=\"" TYPE
        "/worksheet\" Target=\"/xl/worksheets/sheet2.xml\"/>"
        "<Relationship Id=\"rId3\" Type=\"" TYPE "/chartsheet\" Target=\"chartsheets/sheet1.xml\"/>"
        "<Relationship Id=\"rId4\" Type=\"" TYPE "/sharedStrings\" Target=\"sharedStrings.xml\"/>"
        "<Relationship Id=\"rId5\" Type=\"" TYPE "/styles\" Target=\"styles.xml\"/>"
        "</Relationships>");
    add_format(zip, "xl/styles.xml", "%s", styles);
    add_format(zip, "xl/worksheets/sheet2.xml", "%s", second_sheet);
    if (b->strings)
        add_format(zip, "xl/sharedStrings.xml", XML "<sst " MAIN ">%s</sst>", b->strings);
}

static void write_book(const struct folder *f, const struct book *b)
{
    zip_t *zip = archive_new(f);
    add_frame(zip, b);
    if (b->sheet)
        add_format(zip, "xl/worksheets/sheet1.xml", "%s", b->sheet);
    else if (b->rows)
        add_format(zip, "xl/worksheets/sheet1.xml",
                   XML "<worksheet " MAIN "><sheetData>%s</sheetData></worksheet>", b->rows);
    assert_int_equal(zip_close(zip), 0);
}

#define ROW(cells)     "<row r=\"1\">" cells "</row>"
#define INLINE(inside) "<c t=\"inlineStr\"><is>" inside "</is></c>"

static void xlsx_reader_reads_cells(void **state)
{
    static const struct {
        const char *name;
        struct book book;
        const char *want;
    } cases[] = {
        {"shared strings",
         {ROW("<c r=\"A1\" t=\"s\"><v>1</v></c><c r=\"B1\" t=\"s\"><v>0</v></c>"),
          "<si><t>x</t></si><si><t>имя</t></si>"},
         "1@1 имя|x|/"},
        {"blanks within strings stay",
         {ROW("<c t=\"s\"><v>0</v></c><c t=\"s\"><v>1</v></c>"),
          "<si>\n <t xml:space=\"preserve\"> a </t>\n</si><si><t> </t></si>"},
         "1@1  a | |/"},
        {"rich runs are joined",
         {ROW("<c t=\"s\"><v>0</v></c>"),
          "<si><r><rPr><b/></rPr><t>An</t></r><r><t xml:space=\"preserve\">na </t></r></si>"},
         "1@1 Anna |/"},
        {"phonetic runs are dropped",
         {ROW("<c t=\"s\"><v>0</v></c><c t=\"s\"><v>1</v></c>"),
          "<si><t>漢</t><rPh sb=\"0\" eb=\"1\"><t>カン</t></rPh><phoneticPr fontId=\"1\"/></si>"
          "<si><t>b</t></si>"},
         "1@1 漢|b|/"},
        {"escapes in a shared string",
         {ROW("<c t=\"s\"><v>0</v></c>"), "<si><t>a_x000D_\nb_x005F_x0041_</t></si>"},
         "1@1 a\nb_x0041_|/"},
        {"an empty shared string is an empty cell",
         {ROW("<c t=\"s\"><v>0</v></c><c><v>1</v></c>"), "<si/><si><t>x</t></si>"},
         "1@1 |1~n|/"},
        {"inline strings",
         {ROW(INLINE("<t>a</t>") INLINE("<r><t>b</t></r><r><t>c</t></r>"))},
         "1@1 a|bc|/"},
        {"phonetic runs of inline strings",
         {ROW(INLINE("<t>漢</t><rPh sb=\"0\" eb=\"1\"><t>カン</t></rPh>"))},
         "1@1 漢|/"},
        {"escapes in inline strings", {ROW(INLINE("<t>_x0041_&amp;&#x42;</t>"))}, "1@1 A&B|/"},
        {"an escaped CR at a cell's end touches no other cell",
         {ROW(INLINE("<t>a_x000D_</t>") INLINE("<t>_x000A_</t>") INLINE("<t>b</t>"))},
         "1@1 a\r|\n|b|/"},
        {"a stale value before an inline string",
         {ROW("<c t=\"inlineStr\"><v>7</v><is><t>a</t></is></c>")},
         "1@1 a|/"},
        {"a stale value behind an inline string",
         {ROW("<c t=\"inlineStr\"><is><t>a</t></is><v>7</v></c><c><v>8</v></c>")},
         "1@1 a|8~n|/"},
        {"an inline string in a cell without a type",
         {ROW("<c><is><t>007</t></is></c>")},
         "1@1 007|/"},
        {"an inline string without <is> has no text, as for other readers",
         {ROW("<c t=\"inlineStr\"><f>A1</f><v>7</v></c><c><v>8</v></c>")},
         "1@1 |8~n|/"},
        {"cached values of formulas",
         {ROW(
             "<c><f>1+1</f><v>2</v></c><c t=\"str\"><f t=\"shared\" ref=\"B1:B2\" si=\"0\">A1</f>"
             "<v>a\n&#13;&#10;_x0041_</v></c><c t=\"str\"><f t=\"shared\" si=\"0\"/><v>b</v></c>"
             "<c><f t=\"array\" ref=\"D1\">SUM(A1)</f><v>3</v></c><c t=\"b\"><f>A1=1</f><v>0</v></c>"
             "<c><f t=\"dataTable\" ref=\"F1\" dt2D=\"1\"/><v>4</v></c><c><f>A1</f></c>"
             "<c t=\"e\"><f>1/0</f><v>#DIV/0!</v></c>")},
         "1@1 2~n|a\n\nA|b|3~n|false~b|4~n||#DIV/0!~e|/"},
        {"empty cells and values of every kind",
         {ROW("<c/><c><v/></c><c><v></v></c><c t=\"s\"/><c t=\"s\"><v/></c><c t=\"b\"><v/></c>"
              "<c t=\"str\"/><c t=\"inlineStr\"/><c t=\"d\"/><c t=\"e\"/><c s=\"1\"><v> </v></c>"
              "<c><v>1</v></c>")},
         "1@1 |||||||||||1~n|/"},
        {"text in CDATA and in references, around comments",
         {ROW("<c t=\"str\"><v><![CDATA[<a> &amp;]]>&lt;&#x416;<!-- no -->&#1078;</v></c>")},
         "1@1 <a> &amp;<Жж|/"},
        {"elements and attributes that nobody knows",
         {"<row r=\"1\" xmlns:n=\"urn:n\" n:q=\"1\"><c r=\"A1\" n:cm=\"1\"><n:x><n:y/></n:x><v>1</v>"
          "<extLst><ext uri=\"u\"><n:z>9</n:z></ext></extLst></c></row>"},
         "1@1 1~n|/"},
        {"rows and cells outside of the sheet's data are none",
         {.sheet = XML "<worksheet " MAIN " xmlns:x=\"urn:x\"><cols><c><v>7</v></c></cols>"
                       "<sheetData><row><c><v>1</v></c></row></sheetData><controls><x:row><c>"
                       "<v>8</v></c></x:row></controls><extLst><row><c><v>9</v></c></row></extLst>"
                       "</worksheet>"},
         "1@1 1~n|/"},
        {"a wrong dimension says nothing",
         {.sheet = XML "<worksheet " MAIN "><dimension ref=\"A1:A1\"/><sheetData><row r=\"2\"><c "
                       "r=\"B2\"><v>1</v></c></row></sheetData></worksheet>"},
         "1@2 |1~n|/"},
        {"strict names",
         {.sheet = "<worksheet xmlns=\"http://purl.oclc.org/ooxml/spreadsheetml/main\"><sheetData>"
                   "<row><c t=\"d\" s=\"1\"><v>2024-01-01T10:20:30</v></c></row></sheetData>"
                   "</worksheet>"},
         "1@1 2024-01-01 10:20:30~d|/"},
        {"a mark before the XML",
         {.sheet = "\xef\xbb\xbf" XML "<worksheet><sheetData><row><c><v>1</v></c></row></sheetData>"
                   "</worksheet>"},
         "1@1 1~n|/"},
        {"rows without a number have that of their cells",
         {"<row><c r=\"A4\"><v>1</v></c><c r=\"B4\"><v>2</v></c></row><row><c><v>3</v></c></row>"},
         "1@4 1~n|2~n|/2@5 3~n|/"},
        {"a style behind the last one, and no number for it",
         {ROW("<c s=\"99\"><v>45292</v></c><c s=\"\"><v>1</v></c><c s=\"-1\"><v>2</v></c>")},
         "1@1 45292~n|1~n|2~n|/"},
        {"numbers that are long, small, or none",
         {ROW("<c><v>0.30000000000000004</v></c><c><v>-0</v></c><c><v>1E-7</v></c>"
              "<c><v>12345678901234567890</v></c><c><v>1e400</v></c><c><v>0x1A</v></c>"
              "<c><v>9007199254740993</v></c>")},
         "1@1 0.3~n|-0~n|1e-07~n|12345678901234567890~n|1e400~n|0x1A~n|9007199254740993~n|/"},
        {"numbers",
         {ROW("<c><v>42</v></c><c t=\"n\"><v>1.5</v></c><c><v>7.9161234567E+10</v></c>"
              "<c s=\"3\"><v>45292</v></c>")},
         "1@1 42~n|1.5~n|79161234567~n|45292~n|/"},
        {"dates",
         {ROW("<c s=\"1\"><v>45292</v></c><c s=\"2\"><v>45292.5</v></c><c s=\"1\"><v>60</v></c>"
              "<c s=\"1\"><v>61</v></c><c s=\"2\"><v>0.25</v></c>")},
         "1@1 2024-01-01~d|2024-01-01 12:00:00~d|1900-02-29~d|1900-03-01~d|06:00:00~d|/"},
        {"dates since 1904",
         {ROW("<c s=\"1\"><v>43830</v></c><c s=\"1\"><v>60</v></c>"),
          .extra = "<workbookPr date1904=\"1\"/>"},
         "1@1 2024-01-01~d|1904-03-01~d|/"},
        {"dates since 1904 in another spelling",
         {ROW("<c s=\"1\"><v>43830</v></c>"), .extra = "<workbookPr date1904=\"true\"/>"},
         "1@1 2024-01-01~d|/"},
        {"dates since 1900 said so",
         {ROW("<c s=\"1\"><v>45292</v></c>"), .extra = "<workbookPr date1904=\"0\"/>"},
         "1@1 2024-01-01~d|/"},
        {"an extension's workbookPr says nothing about dates",
         {ROW("<c s=\"1\"><v>43830</v></c>"),
          .extra = "<workbookPr date1904=\"1\"/><x15:workbookPr chartTrackingRefBase=\"1\"/>"},
         "1@1 2024-01-01~d|/"},
        {"a date that is none is a number", {ROW("<c s=\"1\"><v>-1</v></c>")}, "1@1 -1~n|/"},
        {"a date in ISO 8601",
         {ROW("<c t=\"d\"><v>2024-01-01T12:00:00</v></c><c t=\"d\"><v>2024-01-01</v></c>")},
         "1@1 2024-01-01 12:00:00~d|2024-01-01~d|/"},
        {"a style that is not there", {ROW("<c s=\"99\"><v>5</v></c>")}, "1@1 5~n|/"},
        {"booleans",
         {ROW("<c t=\"b\"><v>1</v></c><c t=\"b\"><v>0</v></c><c t=\"b\"><v>true</v></c>"
              "<c t=\"b\"><v>false</v></c>")},
         "1@1 true~b|false~b|true~b|false~b|/"},
        {"errors", {ROW("<c t=\"e\"><f>1/0</f><v>#DIV/0!</v></c>")}, "1@1 #DIV/0!~e|/"},
        {"formulas give the values that were cached",
         {ROW("<c><f>1+1</f><v>2</v></c><c t=\"str\"><f>A1&amp;\"x\"</f><v>2x</v></c>"
              "<c><f>B1</f></c><c><v>1</v></c>")},
         "1@1 2~n|2x||1~n|/"},
        {"cells that are left out",
         {"<row r=\"2\"><c r=\"B2\"><v>1</v></c><c r=\"D2\"><v>2</v></c></row>"},
         "1@2 |1~n||2~n|/"},
        {"cells without references",
         {"<row><c><v>1</v></c><c/><c><v>2</v></c></row><row><c><v>3</v></c></row>"},
         "1@1 1~n||2~n|/2@2 3~n|/"},
        {"a cell without a reference behind one that has it",
         {ROW("<c r=\"C1\"><v>1</v></c><c><v>2</v></c>")},
         "1@1 ||1~n|2~n|/"},
        {"references in small letters and of two letters",
         {ROW("<c r=\"b1\"><v>1</v></c><c r=\"AA1\"><v>2</v></c>")},
         "1@1 |1~n|||||||||||||||||||||||||2~n|/"},
        {"cells out of order",
         {ROW("<c r=\"B1\"><v>2</v></c><c r=\"A1\"><v>1</v></c>")},
         "1@1 1~n|2~n|/"},
        {"blank rows are left out and rows are numbered",
         {"<row r=\"3\"><c r=\"A3\"><v>1</v></c></row><row r=\"4\"/>"
          "<row r=\"5\"><c r=\"A5\" s=\"1\"/><c r=\"B5\" t=\"s\"/></row>"
          "<row r=\"9\"><c r=\"A9\"><v>2</v></c></row><row><c><v>3</v></c></row>"},
         "1@3 1~n|/2@9 2~n|/3@10 3~n|/"},
        {"a row of empty strings is blank", {ROW("<c t=\"str\"><v></v></c>" INLINE("<t/>"))}, ""},
        {"no row at all", {""}, ""},
        {"another prefix for the names",
         {.sheet = XML "<x:worksheet xmlns:x=\"http://schemas.openxmlformats.org/"
                       "spreadsheetml/2006/main\"><x:sheetData><x:row r=\"1\"><x:c r=\"A1\">"
                       "<x:v>5</x:v></x:c></x:row></x:sheetData></x:worksheet>"},
         "1@1 5~n|/"},
        {"a string behind the last one",
         {ROW("<c t=\"s\"><v>1</v></c>"), "<si><t>x</t></si>"},
         "!workbook_damaged line 2"},
        {"a shared string and no strings at all",
         {ROW("<c t=\"s\"><v>0</v></c>")},
         "!workbook_damaged line 2"},
        {"a shared string that is no number",
         {ROW("<c t=\"s\"><v>-1</v></c>"), "<si><t>x</t></si>"},
         "!workbook_damaged line 2"},
        {"good rows come before a damaged one",
         {"<row r=\"1\"><c><v>1</v></c></row>\n<row r=\"2\"><c t=\"s\"><v>9</v></c></row>"},
         "1@1 1~n|/!workbook_damaged line 3"},
        {"XML that is cut off",
         {.sheet = XML "<worksheet " MAIN "><sheetData><row><c><v>1</v></c></row>"},
         "1@1 1~n|/!workbook_damaged line 2"},
        {"no XML", {.sheet = "a;b\n"}, "!workbook_damaged line 1"},
        {"a part that is not there", {NULL}, "!workbook_damaged"},
        {"an entity that was not declared", {ROW("<c><v>&x;</v></c>")}, "!workbook_damaged line 2"},
        {"entities in a sheet",
         {.sheet = XML "<!DOCTYPE x [<!ENTITY a \"b\">]>\n<worksheet " MAIN "/>"},
         "!workbook_doctype line 2"},
        {"entities in a file from outside",
         {.sheet = "<!DOCTYPE x [\n<!ENTITY a SYSTEM \"file:///etc/passwd\">]>\n"
                   "<worksheet " MAIN "><sheetData><row><c><v>&a;</v></c></row></sheetData>"
                   "</worksheet>"},
         "!workbook_doctype line 1"},
        {"a document type without entities",
         {.sheet = XML "<!DOCTYPE worksheet>\n<worksheet " MAIN
                       "><sheetData><row><c><v>1</v></c></row></sheetData></worksheet>"},
         "!workbook_doctype line 2"},
        {"the last column that may be", {ROW("<c r=\"AMJ1\"><v>1</v></c>")}, NULL},
        {"a column more",
         {ROW("<c r=\"A1\"><v>1</v></c>") "<row r=\"7\"><c r=\"AMK7\"><v>1</v></c>"
                                          "</row>"},
         "1@1 1~n|/!too_many_columns line 7 limit 1024"},
        {"an empty cell far to the right is nothing",
         {ROW("<c r=\"A1\"><v>1</v></c><c r=\"XFD1\" s=\"1\"/>")},
         "1@1 1~n|/"},
        {"a column that no sheet has",
         {ROW("<c r=\"ZZZZZZZZ1\"><v>1</v></c>")},
         "!too_many_columns line 1 limit 1024"},
    };
    const struct folder *f = *state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_done) struct buf b = {0};
        const struct rows_options options = {0};
        struct file_problem problem;
        write_book(f, &cases[i].book);
        show_rows(&b, f->file, &options, &problem);
        if (!cases[i].want)
            assert_int_equal(b.len, strlen("1@1 1~n|/") + 1023);
        else if (!str_eq(buf_str(&b), str_of(cases[i].want)))
            fail_msg("%s: got '%.*s' (%s)", cases[i].name, STR_ARG(buf_str(&b)), problem.detail);
    }
}

static void xlsx_reader_finds_the_sheet(void **state)
{
    static const char two[] = "<sheet name=\"One\" sheetId=\"1\" r:id=\"rId1\"/>"
                              "<sheet name=\"Два\" sheetId=\"2\" r:id=\"rId2\"/>",
                      hidden[] =
                          "<sheet name=\"One\" sheetId=\"1\" state=\"hidden\" r:id=\"rId1\"/>"
                          "<sheet name=\"Two\" sheetId=\"2\" r:id=\"rId2\"/>",
                      very_hidden[] =
                          "<sheet name=\"One\" sheetId=\"1\" state=\"veryHidden\" r:id=\"rId1\"/>",
                      chart[] = "<sheet name=\"Chart\" sheetId=\"3\" r:id=\"rId3\"/>"
                                "<sheet name=\"Two\" sheetId=\"2\" r:id=\"rId2\"/>",
                      numbers[] = "<sheet name=\"2\" sheetId=\"1\" r:id=\"rId1\"/>"
                                  "<sheet name=\"1\" sheetId=\"2\" r:id=\"rId2\"/>";
    static const struct {
        const char *name, *sheets, *wanted, *want, *sheet; /* sheet: its name, or the detail */
    } cases[] = {
        {"the first one", two, NULL, "1@1 1~n|/", "One"},
        {"by name", two, "Два", "1@1 2~n|/", "Два"},
        {"by number", two, "2", "1@1 2~n|/", "Два"},
        {"the first visible one", hidden, NULL, "1@1 2~n|/", "Two"},
        {"a hidden one by name", hidden, "One", "1@1 1~n|/", "One"},
        {"a hidden one by number", hidden, "1", "1@1 1~n|/", "One"},
        {"none that is visible", very_hidden, NULL, "!no_sheet", ""},
        {"none at all", "", NULL, "!no_sheet", ""},
        {"a chart is no sheet", chart, NULL, "1@1 2~n|/", "Two"},
        {"a chart is not counted", chart, "1", "1@1 2~n|/", "Two"},
        {"a chart by name", chart, "Chart", "!sheet_not_found value Chart", "Two"},
        {"a name that is a number goes before the number", numbers, "2", "1@1 1~n|/", "2"},
        {"a name that is not there", two, "Three", "!sheet_not_found value Three", "One, Два"},
        {"a number that is not there", two, "3", "!sheet_not_found value 3", "One, Два"},
        {"sheets are counted from 1", two, "0", "!sheet_not_found value 0", "One, Два"},
    };
    const struct folder *f = *state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_done) struct buf b = {0};
        AUTO(rows_free) struct rows *rows = NULL;
        const struct book book = {ROW("<c><v>1</v></c>"), .sheets = cases[i].sheets};
        const struct rows_options options = {.sheet = cases[i].wanted};
        struct file_problem problem;
        struct err err = {0};
        write_book(f, &book);
        show_rows(&b, f->file, &options, &problem);
        bool ok = rows_open(f->file, &options, &rows, &problem, &err);
        str sheet = ok ? rows_about(rows)->sheet : str_of(problem.detail);
        if (!str_eq(buf_str(&b), str_of(cases[i].want)) || !str_eq(sheet, str_of(cases[i].sheet)))
            fail_msg("%s: got '%.*s', '%.*s'", cases[i].name, STR_ARG(buf_str(&b)), STR_ARG(sheet));
    }
}

static void xlsx_reader_tells_other_archives_apart(void **state)
{
    static const struct {
        const char *name, *part, *other, *want;
    } cases[] = {
        {"an archive of something", "readme.txt", "a", "!zip"},
        {"a text document", "word/document.xml", "[Content_Types].xml", "!word"},
        {"a presentation", "ppt/presentation.xml", "[Content_Types].xml", "!word"},
        {"an OpenDocument table", "mimetype", "content.xml", "!ods"},
        {"a Numbers document", "Index/Document.iwa", "a", "!numbers"},
        {"a binary workbook", "xl/workbook.bin", "[Content_Types].xml", "!xlsb"},
        {"a package without a workbook", "[Content_Types].xml", "a", "!workbook_damaged"},
    };
    const struct folder *f = *state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_done) struct buf b = {0};
        const struct rows_options options = {0};
        struct file_problem problem;
        zip_t *zip = archive_new(f);
        add_part(zip, cases[i].part, STR("x"));
        add_part(zip, cases[i].other, STR("x"));
        assert_int_equal(zip_close(zip), 0);
        show_rows(&b, f->file, &options, &problem);
        if (!str_eq(buf_str(&b), str_of(cases[i].want)))
            fail_msg("%s: got '%.*s'", cases[i].name, STR_ARG(buf_str(&b)));
    }
}

static void xlsx_reader_refuses_an_encrypted_archive(void **state)
{
    const struct folder *f = *state;
    AUTO(buf_done) struct buf b = {0};
    const struct rows_options options = {0};
    struct file_problem problem;
    zip_t *zip = archive_new(f);
    add_part(zip, "xl/workbook.xml", STR("x"));
    if (zip_file_set_encryption(zip, 0, ZIP_EM_AES_256, "secret") != 0) {
        zip_discard(zip);
        skip(); // this libzip was built without cryptography
    }
    assert_int_equal(zip_close(zip), 0);
    show_rows(&b, f->file, &options, &problem);
    assert_true(str_eq(buf_str(&b), STR("!encrypted")));
}

/* A download that broke off: every shorter file says so, and is never a shorter table. */
static void xlsx_reader_refuses_an_archive_that_is_cut_off(void **state)
{
    const struct folder *f = *state;
    const struct book book = {ROW("<c t=\"s\"><v>0</v></c>"), "<si><t>x</t></si>"};
    AUTO(buf_done) struct buf whole = {0};
    struct err err = {0};
    write_book(f, &book);
    assert_true(file_read(f->file, &whole, &err));
    for (size_t len = 4; len < whole.len; len += 1 + whole.len / 97) {
        AUTO(buf_done) struct buf b = {0};
        const struct rows_options options = {0};
        struct file_problem problem;
        folder_write(f, str_first(buf_str(&whole), len));
        show_rows(&b, f->file, &options, &problem);
        if (!str_eq(buf_str(&b), STR("!workbook_damaged")))
            fail_msg("%zu of %zu bytes: got '%.*s'", len, whole.len, STR_ARG(buf_str(&b)));
    }
}

static void xlsx_reader_reads_an_archive_of_other_habits(void **state)
{
    static const char sheet[] = XML "<worksheet " MAIN "><sheetData><row><c t=\"s\"><v>0</v></c>"
                                    "</row></sheetData></worksheet>";
    const struct folder *f = *state;
    AUTO(buf_done) struct buf b = {0};
    const struct rows_options options = {0};
    struct file_problem problem;
    // Backslashes and another case in the archive's names, and no relations of the package.
    zip_t *zip = archive_new(f);
    add_part(zip, "[Content_Types].xml", STR("<Types/>"));
    add_format(zip, "xl\\Workbook.xml",
               "<workbook xmlns:r=\"" TYPE "\"><sheets>%s</sheets></workbook>", usual_sheets);
    add_format(zip, "xl\\_rels\\workbook.xml.rels",
               "<Relationships><Relationship Id=\"rId1\" Type=\"" TYPE
               "/worksheet\" Target=\"..\\xl/./worksheets/sheet1.xml\"/></Relationships>");
    add_part(zip, "xl\\worksheets\\Sheet1.xml", str_of(sheet));
    add_part(zip, "xl\\sharedstrings.xml", STR("<sst><si><t>x</t></si></sst>"));
    assert_int_equal(zip_close(zip), 0);
    show_rows(&b, f->file, &options, &problem);
    if (!str_eq(buf_str(&b), STR("1@1 x|/")))
        fail_msg("got '%.*s' (%s)", STR_ARG(buf_str(&b)), problem.detail);
}

/* A workbook of so many strings, each so long that starts with its number, every step-th of them in
 * a cell, the last first. */
static void read_strings(const struct folder *f, size_t count, int bytes, size_t step)
{
    AUTO(buf_done) struct buf strings = {0};
    AUTO(buf_done) struct buf sheet = {0};
    AUTO(rows_free) struct rows *rows = NULL;
    const struct rows_options options = {0};
    struct row row = {0};
    struct file_problem problem;
    struct err err = {0};
    buf_add(&strings, STR("<sst>"));
    buf_add(&sheet, STR("<worksheet><sheetData>"));
    for (size_t i = 0; i < count; i++)
        buf_format(&strings, "<si><t>%0*zu</t></si>", bytes, i);
    for (size_t i = step; i <= count; i += step)
        buf_format(&sheet, "<row><c t=\"s\"><v>%zu</v></c></row>", count - i);
    buf_add(&strings, STR("</sst>"));
    buf_add(&sheet, STR("</sheetData></worksheet>"));
    zip_t *zip = archive_new(f);
    const struct book book = {0};
    add_frame(zip, &book);
    add_part(zip, "xl/sharedStrings.xml", buf_str(&strings));
    add_part(zip, "xl/worksheets/sheet1.xml", buf_str(&sheet));
    assert_int_equal(zip_close(zip), 0);
    assert_true(rows_open(f->file, &options, &rows, &problem, &err));
    for (size_t i = step; i <= count; i += step) {
        uint64_t n;
        assert_int_equal(rows_next(rows, &row, &problem, &err), ROWS_ROW);
        assert_int_equal(row.record, i / step);
        assert_int_equal(row.cell[0].len, bytes);
        assert_true(str_to_u64(row.cell[0], &n));
        assert_int_equal(n, count - i);
    }
    assert_int_equal(rows_next(rows, &row, &problem, &err), ROWS_END);
    assert_int_equal(rows_next(rows, &row, &problem, &err), ROWS_END); // and stays so
}

/* More text, and more strings, than are kept in memory. */
static void xlsx_reader_reads_many_strings(void **state)
{
    read_strings(*state, 20000, 1000, 1);
    read_strings(*state, 1100000, 7, 100);
}

static void repeat(struct buf *b, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_add(b, str_of(text));
}

static void xlsx_reader_keeps_to_its_limits(void **state)
{
    enum { DEEP, LONG_CELL, LONG_ROW, LONG_STRING, BOMB, COMMENT, KINDS };
    static const char *const want[KINDS] = {
        "!workbook_depth line 1 limit 256", "!cell_too_large line 1 column 1 limit 1000",
        "!row_too_large line 1 limit 1000", "!cell_too_large line 1 limit 524288",
        "!workbook_ratio line 1 limit 300", "!workbook_tag line 1 limit 1048576",
    };
    const struct folder *f = *state;
    for (int kind = 0; kind < KINDS; kind++) {
        AUTO(buf_done) struct buf sheet = {0};
        AUTO(buf_done) struct buf strings = {0};
        AUTO(buf_done) struct buf b = {0};
        const struct rows_options options = {.row_bytes = 1000};
        struct file_problem problem;
        buf_add(&sheet, STR("<worksheet><sheetData><row>"));
        buf_add(&strings, STR("<sst><si><t>"));
        if (kind == DEEP)
            repeat(&sheet, "<a>", 300);
        if (kind == LONG_STRING)
            repeat(&strings, "x", LIMIT_CELL_BYTES + 1);
        if (kind == COMMENT) {
            buf_add(&sheet, STR("<!-- "));
            repeat(&sheet, "0123456789abcdef", 2 * MIB / 16);
            buf_add(&sheet, STR(" -->"));
        }
        if (kind == BOMB)
            repeat(&sheet, "                                                                ",
                   65 * MIB / 64);
        if (kind == LONG_CELL) {
            buf_add(&sheet, STR("<c t=\"str\"><v>"));
            repeat(&sheet, "x", 1001);
            buf_add(&sheet, STR("</v></c>"));
        }
        if (kind == LONG_ROW)
            repeat(&sheet, "<c t=\"str\"><v>0123456789</v></c>", 101);
        buf_add(&sheet, STR("</row></sheetData></worksheet>"));
        buf_add(&strings, STR("</t></si></sst>"));
        zip_t *zip = archive_new(f);
        const struct book book = {0};
        add_frame(zip, &book);
        add_part(zip, "xl/worksheets/sheet1.xml", buf_str(&sheet));
        add_part(zip, "xl/sharedStrings.xml", buf_str(&strings));
        assert_int_equal(zip_close(zip), 0);
        show_rows(&b, f->file, &options, &problem);
        if (!str_eq(buf_str(&b), str_of(want[kind])))
            fail_msg("limit %d: got '%.*s' (%s)", kind, STR_ARG(str_first(buf_str(&b), 500)),
                     problem.detail);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(xlsx_reader_reads_cells),
        cmocka_unit_test(xlsx_reader_finds_the_sheet),
        cmocka_unit_test(xlsx_reader_tells_other_archives_apart),
        cmocka_unit_test(xlsx_reader_refuses_an_encrypted_archive),
        cmocka_unit_test(xlsx_reader_refuses_an_archive_that_is_cut_off),
        cmocka_unit_test(xlsx_reader_reads_an_archive_of_other_habits),
        cmocka_unit_test(xlsx_reader_reads_many_strings),
        cmocka_unit_test(xlsx_reader_keeps_to_its_limits),
    };
    return cmocka_run_group_tests(tests, folder_new, folder_free);
}
