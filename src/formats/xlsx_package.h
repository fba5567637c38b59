/* xlsx_package: the zip archive of a workbook (ECMA-376 Part 2) and the XML parts in it.
 *
 * Parts are read as streams.  No part may unpack to far more than it takes in the file (a zip
 * bomb), declare entities, or nest without end; nothing outside the archive is ever opened.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMATS_XLSX_PACKAGE_H
#define FORMATS_XLSX_PACKAGE_H

#include "base/arena.h"
#include "base/err.h"
#include "formats/file_problem.h"

struct xlsx_package;
/* Opens the archive.  Problems: FILE_WORKBOOK_DAMAGED, FILE_ENCRYPTED, and what else a zip may be.
 */
MUST_CHECK bool xlsx_package_open(const char *path, struct xlsx_package **ret_package,
                                  struct file_problem *ret_problem, struct err *err);
/* Closes the archive and frees p; NULL is fine. */
void xlsx_package_free(struct xlsx_package *p);
DEFINE_AUTO(struct xlsx_package *, xlsx_package_free)
/* True when the part is there (names are compared without case, ECMA-376 Part 2, 6.2.2.3). */
bool xlsx_package_has(struct xlsx_package *p, str name);
/* The name of the part that target means, seen from the part base: "worksheets/sheet1.xml" from
 * "xl/workbook.xml". */
str xlsx_package_resolve(struct arena *a, str base, str target);

/* --- XML --- */

/* What a reader of a part wants to hear.  Names come without their namespace. */
struct xlsx_events {
    void (*start)(void *context, str name, const char **attributes);
    void (*end)(void *context, str name);
    void (*text)(void *context, str text);
};
/* An attribute's local name, of its name as the events give it. */
str xlsx_attribute_name(const char *name);
/* An attribute's value by its local name; {0} when absent. */
str xlsx_attribute(const char **attributes, const char *name);

struct xlsx_part;
/* Opens a part for parsing.  Problems: FILE_WORKBOOK_DAMAGED when it is not there. */
MUST_CHECK bool xlsx_part_open(struct xlsx_package *p, str name, const struct xlsx_events *events,
                               void *context, struct xlsx_part **ret_part,
                               struct file_problem *ret_problem, struct err *err);
/* Parses until xlsx_part_pause() was called by an event (1), or the part's end (0); -1:
 * *ret_problem says why. */
int xlsx_part_parse(struct xlsx_part *part, struct file_problem *ret_problem, struct err *err);
/* Called by an event: xlsx_part_parse() returns after it. */
void xlsx_part_pause(struct xlsx_part *part);
/* Called by an event: parsing fails with this problem. */
void xlsx_part_fail(struct xlsx_part *part, enum file_problem_code code, const char *detail,
                    uint64_t limit);
/* How much of the archive's bytes for this part were read (approximate). */
uint64_t xlsx_part_bytes_done(const struct xlsx_part *part);
/* Closes the part and frees it; NULL is fine. */
void xlsx_part_free(struct xlsx_part *part);
/* Opens, parses and closes a part in one go. */
MUST_CHECK bool xlsx_part_parse_all(struct xlsx_package *p, str name,
                                    const struct xlsx_events *events, void *context,
                                    struct file_problem *ret_problem, struct err *err);

#endif
