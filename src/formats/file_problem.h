/* file_problem: why a file cannot be read at all, as data; the sentences (what it is, where, what
 * to do next; Russian and English) are made above.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMATS_FILE_PROBLEM_H
#define FORMATS_FILE_PROBLEM_H

#include "base/arena.h"
#include "base/err.h"

/* X(enumerator, "code") */
#define FILE_PROBLEM_CODES(X)                                                                      \
    X(FILE_OK, "ok")                                                                               \
    X(FILE_UNREADABLE, "unreadable")   /* the operating system says no; detail */                  \
    X(FILE_ABSENT, "absent")           /* there is no such file */                                 \
    X(FILE_NOT_ALLOWED, "not_allowed") /* this user may not read it */                             \
    X(FILE_IS_FOLDER, "is_folder")                                                                 \
    X(FILE_EMPTY, "empty")             /* no byte, or nothing but blank records */                 \
    X(FILE_HEADER_ONLY, "header_only") /* a header and no record below it */                       \
    X(FILE_ENCODING, "encoding") /* not UTF-8: offset, line, column, byte; candidates in detail */ \
    X(FILE_ENCODING_UNKNOWN, "encoding_unknown") /* the stated name means nothing: value */        \
    X(FILE_ENCODING_MISMATCH,                                                                      \
      "encoding_mismatch")           /* bytes that the stated encoding cannot have */              \
    X(FILE_BINARY, "binary")         /* NUL bytes: no text file */                                 \
    X(FILE_DELIMITER, "delimiter")   /* several are as likely: state one; detail lists them */     \
    X(FILE_ONE_COLUMN, "one_column") /* no delimiter found */                                      \
    X(FILE_QUOTE_OPEN, "quote_open") /* a quote opened at line is never closed */                  \
    X(FILE_ROW_TOO_LARGE, "row_too_large")       /* line, limit */                                 \
    X(FILE_CELL_TOO_LARGE, "cell_too_large")     /* line, column, limit */                         \
    X(FILE_TOO_MANY_COLUMNS, "too_many_columns") /* line, limit */                                 \
    X(FILE_XLS, "xls")                           /* an old Excel 97-2003 workbook */               \
    X(FILE_XLSB, "xlsb")                         /* a binary workbook */                           \
    X(FILE_ODS, "ods")                           /* an OpenDocument table */                       \
    X(FILE_NUMBERS, "numbers")                   /* an Apple Numbers document */                   \
    X(FILE_ENCRYPTED, "encrypted")               /* a password-protected workbook */               \
    X(FILE_ZIP, "zip")                           /* an archive with something else inside */       \
    X(FILE_GZIP, "gzip")                         /* compressed: unpack first */                    \
    X(FILE_GZIP_DAMAGED, "gzip_damaged")         /* it cannot be unpacked: detail */               \
    X(FILE_PDF, "pdf")                                                                             \
    X(FILE_HTML, "html") /* a web page named .xls */                                               \
    X(FILE_XML, "xml")   /* SpreadsheetML 2003 or other XML */                                     \
    X(FILE_JSON, "json") /* a JSON array or object, not JSON Lines */                              \
    X(FILE_WORD, "word") /* a text document */                                                     \
    X(FILE_WORKBOOK_DAMAGED,                                                                       \
      "workbook_damaged") /* detail: the part, e.g. xl/worksheets/sheet1.xml; line */              \
    X(FILE_WORKBOOK_SIZE, "workbook_size")       /* a part unpacks to over limit bytes: detail */  \
    X(FILE_WORKBOOK_RATIO, "workbook_ratio")     /* to over limit times its size: detail */        \
    X(FILE_WORKBOOK_ENTRIES, "workbook_entries") /* over limit files in the archive */             \
    X(FILE_WORKBOOK_DIRECTORY, "workbook_directory")     /* over limit bytes of their names */     \
    X(FILE_WORKBOOK_COMPRESSION, "workbook_compression") /* neither stored nor deflated: detail */ \
    X(FILE_WORKBOOK_DOCTYPE, "workbook_doctype")         /* detail: the part */                    \
    X(FILE_WORKBOOK_DEPTH, "workbook_depth") /* elements in elements: detail, line, limit */       \
    X(FILE_WORKBOOK_TAG, "workbook_tag")     /* a tag or comment over limit bytes: detail, line */ \
    X(FILE_WORKBOOK_FORMATS, "workbook_formats") /* over limit cell formats: detail */             \
    X(FILE_WORKBOOK_SPACE, "workbook_space")     /* no room for its texts on the disk */           \
    X(FILE_NO_SHEET, "no_sheet")                 /* no visible worksheet */                        \
    X(FILE_SHEET_NOT_FOUND, "sheet_not_found") /* value asked for; detail lists those there are */ \
    X(FILE_COLUMNS_MISSING,                                                                        \
      "columns_missing") /* value: the missing ones, comma separated; detail: near misses */       \
    X(FILE_HEADER_LATER, "header_later")       /* the header stands in row `line` */               \
    X(FILE_HEADER_ID, "header_id")             /* bare ID and no external_id */                    \
    X(FILE_HEADER_REPEATED, "header_repeated") /* value: the header; detail: column numbers */     \
    X(FILE_HEADER_EMPTY, "header_empty") /* an empty header over a column with values: column */   \
    X(FILE_HEADER_TOO_LONG, "header_too_long")                                                     \
    X(FILE_TOO_LARGE, "too_large") /* over the upload limit: limit in bytes */                     \
    X(FILE_CHANGED, "changed")     /* the stored file is not the one analysed */                   \
    X(FILE_CRASHED, "crashed")     /* three processes died at record `line` */                     \
    X(FILE_HEADER_RESERVED,                                                                        \
      "header_reserved") /* value: a header like an attribute of the record */                     \
    X(FILE_NAME_PARTS,                                                                             \
      "name_parts")            /* the name stands in parts; detail: the mapping that joins them */ \
    X(FILE_MAPPING, "mapping") /* detail: a header; value: what it cannot become */                \
    X(FILE_REPAIR_COLUMN,                                                                          \
      "repair_column")                   /* detail: a column that is not there; value: the rule */ \
    X(FILE_REPAIR_UNFIT, "repair_unfit") /* detail: a column; value: a rule not for it */          \
    X(FILE_HOPELESS, "hopeless") /* most of the first rows fail alike: value: column, detail */    \
    X(FILE_SAMPLE, "sample")     /* the sample file itself, as it was downloaded */                \
    X(FILE_SAME_CONTENT, "same_content")     /* value: the import that had it */                   \
    X(FILE_ALL_OR_NOTHING, "all_or_nothing") /* limit: rows that fail */                           \
    X(FILE_BASE_CHANGED, "base_changed")     /* limit: rows whose outcome is another now */        \
    X(FILE_BASE_CHANGED_MEANWHILE,                                                                 \
      "base_changed_meanwhile")              /* while it was written: line, the first such row */  \
    X(FILE_NO_SPACE, "no_space")             /* limit: bytes needed, offset: bytes free */         \
    X(FILE_UPLOAD_EXPIRED, "upload_expired") /* limit: bytes promised, offset: bytes that came */  \
    X(FILE_STORE, "store")                   /* the database could not take it: detail */

enum file_problem_code {
#define FILE_PROBLEM_ENUM(name, text) name,
    FILE_PROBLEM_CODES(FILE_PROBLEM_ENUM)
#undef FILE_PROBLEM_ENUM
        FILE_PROBLEM_COUNT
};
struct file_problem {
    enum file_problem_code code;
    uint64_t offset;       /* bytes from the start of the file, from 0 */
    uint64_t line, column; /* from 1; 0: does not apply */
    unsigned byte;         /* the offending byte */
    uint64_t limit;
    char value[256];  /* valid UTF-8, cut where a character ends */
    char detail[512]; /* the same */
};

/* Fills in code and, when not {0}, value and detail (both cut to fit); other members are kept.
 * Always false, so that report-and-leave is one line. */
bool file_problem_set(struct file_problem *p, enum file_problem_code code, str value, str detail);
/* What errno says of opening or reading a file, for the person, and in *err, as err_errno(), for
 * the log; what: what failed.  Always false. */
bool file_problem_errno(struct file_problem *p, const char *what, struct err *err);
/* The code as text ("quote_open"), and the code of a text (FILE_PROBLEM_COUNT: none): */
const char *file_problem_code_name(enum file_problem_code code);
enum file_problem_code file_problem_code_of(str name);

#endif
