/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/xlsx_book.h"

#include "base/buf.h"
#include "base/mem.h"
#include "formats/sheets.h"
#include "formats/xlsx_writer.h"

#include <stdio.h>

enum { MAX_SHEETS = 4096, MAX_RELATIONS = 65536 };

struct relation {
    str id, type, target;
};
struct sheet {
    str name, id;
    bool visible;
};
struct relations {
    struct xlsx_part *part; /* first: see xlsx_part_parse_all() */
    struct arena *arena;
    struct relation *item;
    size_t count;
};
struct sheets {
    struct xlsx_part *part;
    struct arena *arena;
    struct sheet *item;
    size_t count;
    bool since_1904;
};

static void on_relation(void *context, str name, const char **attributes)
{
    struct relations *r = context;
    if (!str_eq(name, STR("Relationship")) || r->count == MAX_RELATIONS ||
        str_eq_nocase(xlsx_attribute(attributes, "TargetMode"), STR("External")))
        return;
    if ((r->count & (r->count - 1)) == 0)
        r->item = mem_grow(r->item, r->count ? r->count * 2 : 1, sizeof *r->item);
    r->item[r->count++] =
        (struct relation){arena_str(r->arena, xlsx_attribute(attributes, "Id")),
                          arena_str(r->arena, xlsx_attribute(attributes, "Type")),
                          arena_str(r->arena, xlsx_attribute(attributes, "Target"))};
}

static void on_book(void *context, str name, const char **attributes)
{
    struct sheets *s = context;
    if (str_eq(name, STR("workbookPr"))) {
        str flag = xlsx_attribute(attributes, "date1904");
        // An extension's element of the same name says nothing about dates.
        if (!str_is_null(flag))
            s->since_1904 =
                str_eq(flag, STR("1")) || str_eq(flag, STR("true")) || str_eq(flag, STR("on"));
    }
    if (!str_eq(name, STR("sheet")) || s->count == MAX_SHEETS)
        return;
    str state = xlsx_attribute(attributes, "state");
    if ((s->count & (s->count - 1)) == 0)
        s->item = mem_grow(s->item, s->count ? s->count * 2 : 1, sizeof *s->item);
    s->item[s->count++] =
        (struct sheet){arena_str(s->arena, xlsx_attribute(attributes, "name")),
                       arena_str(s->arena, xlsx_attribute(attributes, "id")),
                       !str_eq(state, STR("hidden")) && !str_eq(state, STR("veryHidden"))};
}

/* The relations of a part stand beside it: xl/workbook.xml has xl/_rels/workbook.xml.rels. */
static str relations_part(struct arena *a, str part)
{
    size_t slash = 0;
    for (size_t i = 0; i < part.len; i++)
        if (part.ptr[i] == '/')
            slash = i + 1;
    return arena_format(a, "%.*s_rels/%.*s.rels", (int)slash, part.ptr, (int)(part.len - slash),
                        part.ptr + slash);
}

static bool read_relations(struct xlsx_package *p, struct arena *a, str part, struct relations *ret,
                           struct file_problem *problem, struct err *err)
{
    static const struct xlsx_events events = {on_relation, NULL, NULL};
    *ret = (struct relations){.arena = a};
    str name = relations_part(a, part);
    // A package without relations is judged by the usual names.
    return !xlsx_package_has(p, name) || xlsx_part_parse_all(p, name, &events, ret, problem, err);
}

static const struct relation *by_type(const struct relations *r, const char *ending)
{
    for (size_t i = 0; i < r->count; i++)
        if (str_ends(r->item[i].type, str_of(ending)))
            return &r->item[i];
    return NULL;
}

static const struct relation *by_id(const struct relations *r, str id)
{
    for (size_t i = 0; i < r->count; i++)
        if (str_eq(r->item[i].id, id))
            return &r->item[i];
    return NULL;
}

static bool is_worksheet(const struct relations *r, const struct sheet *s)
{
    const struct relation *at = by_id(r, s->id);
    return at && str_ends(at->type, STR("/worksheet"));
}

static const struct sheet *choose(const struct sheets *s, const struct relations *r,
                                  const char *wanted)
{
    uint64_t number = 0, n = 0;
    bool by_number = wanted && str_to_u64(str_of(wanted), &number);
    for (size_t i = 0; i < s->count && wanted; i++)
        if (is_worksheet(r, &s->item[i]) && str_eq(s->item[i].name, str_of(wanted)))
            return &s->item[i];
    for (size_t i = 0; i < s->count; i++) {
        if (!is_worksheet(r, &s->item[i]))
            continue;
        n++;
        if (by_number ? n == number : !wanted && s->item[i].visible)
            return &s->item[i];
    }
    return NULL;
}

/* The sheet on which one goes on that was too long: "clients-continued-2" after "clients". */
static const struct sheet *continuation(const struct sheets *s, const struct relations *r, str name,
                                        size_t number)
{
    char end[sizeof XLSX_CONTINUED + 20];
    (void)snprintf(end, sizeof end, XLSX_CONTINUED "%zu", number);
    for (size_t i = 0; i < s->count; i++) {
        const struct sheet *x = &s->item[i];
        if (is_worksheet(r, x) && x->visible && x->name.len == name.len + strlen(end) &&
            str_starts(x->name, name) && str_ends(x->name, str_of(end)))
            return x;
    }
    return NULL;
}

static bool no_sheet(const struct sheets *s, const struct relations *r, const char *wanted,
                     struct file_problem *problem)
{
    AUTO(buf_done) struct buf names = {0};
    if (!wanted)
        return file_problem_set(problem, FILE_NO_SHEET, (str){0}, (str){0});
    for (size_t i = 0; i < s->count; i++)
        if (is_worksheet(r, &s->item[i])) {
            if (names.len)
                buf_add(&names, STR(", "));
            buf_add(&names, s->item[i].name);
        }
    return file_problem_set(problem, FILE_SHEET_NOT_FOUND, str_of(wanted), buf_str(&names));
}

static str part_of_type(struct xlsx_package *p, struct arena *a, str book,
                        const struct relations *r, const char *ending, const char *usual)
{
    const struct relation *at = by_type(r, ending);
    str name = at ? xlsx_package_resolve(a, book, at->target) : str_of(usual);
    return xlsx_package_has(p, name) ? name : (str){0};
}

static bool read_book(struct xlsx_package *p, struct arena *a, str book, const char *wanted,
                      bool on, struct relations *r, struct sheets *s, struct xlsx_book *ret,
                      struct file_problem *problem, struct err *err)
{
    static const struct xlsx_events events = {on_book, NULL, NULL};
    if (!xlsx_part_parse_all(p, book, &events, s, problem, err) ||
        !read_relations(p, a, book, r, problem, err))
        return false;
    const struct sheet *sheet = choose(s, r, wanted);
    if (!sheet)
        return no_sheet(s, r, wanted, problem);
    str *more = ARENA_NEW(a, str, s->count);
    size_t more_count = 0;
    for (const struct sheet *next = sheet;
         on && (next = continuation(s, r, sheet->name, more_count + 2)) != NULL;)
        more[more_count++] = xlsx_package_resolve(a, book, by_id(r, next->id)->target);
    *ret = (struct xlsx_book){
        .sheet_name = sheet->name,
        .more_part = more,
        .more_count = more_count,
        .sheet_part = xlsx_package_resolve(a, book, by_id(r, sheet->id)->target),
        .strings_part = part_of_type(p, a, book, r, "/sharedStrings", "xl/sharedStrings.xml"),
        .styles_part = part_of_type(p, a, book, r, "/styles", "xl/styles.xml"),
        .since_1904 = s->since_1904,
    };
    return true;
}

/* The part that is the workbook itself. */
static bool find_book(struct xlsx_package *p, struct arena *a, str *ret_book,
                      struct file_problem *problem, struct err *err)
{
    struct relations root;
    bool ok = read_relations(p, a, STR(""), &root, problem, err);
    if (ok) {
        const struct relation *at = by_type(&root, "/officeDocument");
        *ret_book = at ? xlsx_package_resolve(a, STR(""), at->target) : STR("xl/workbook.xml");
        if (str_ends(*ret_book, STR(".bin")))
            ok = file_problem_set(problem, FILE_XLSB, (str){0}, (str){0});
    }
    mem_free(root.item);
    return ok;
}

bool xlsx_book_read(struct xlsx_package *p, struct arena *a, const char *wanted, bool on,
                    struct xlsx_book *ret_book, struct file_problem *ret_problem, struct err *err)
{
    struct relations r = {.arena = a};
    struct sheets s = {.arena = a};
    str book;
    bool ok = find_book(p, a, &book, ret_problem, err) &&
              read_book(p, a, book, wanted, on, &r, &s, ret_book, ret_problem, err);
    mem_free(r.item);
    mem_free(s.item);
    return ok;
}

bool sheets_list(const char *path, struct arena *a, struct sheet_name **ret_sheet,
                 size_t *ret_count, struct file_problem *ret_problem, struct err *err)
{
    static const struct xlsx_events events = {on_book, NULL, NULL};
    AUTO(xlsx_package_free) struct xlsx_package *p = NULL;
    struct relations r = {.arena = a};
    struct sheets s = {.arena = a};
    size_t count = 0;
    str book;
    bool ok = xlsx_package_open(path, &p, ret_problem, err) &&
              find_book(p, a, &book, ret_problem, err) &&
              xlsx_part_parse_all(p, book, &events, &s, ret_problem, err) &&
              read_relations(p, a, book, &r, ret_problem, err);
    if (ok) {
        struct sheet_name *sheet = ARENA_NEW(a, struct sheet_name, s.count);
        for (size_t i = 0; i < s.count; i++)
            if (is_worksheet(&r, &s.item[i]))
                sheet[count++] = (struct sheet_name){s.item[i].name, !s.item[i].visible};
        *ret_sheet = sheet;
        *ret_count = count;
    }
    mem_free(r.item);
    mem_free(s.item);
    return ok;
}
