/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/xlsx_package.h"

#include "base/ahead.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "formats/zip_end.h"

#include <expat.h>
#include <sys/stat.h>
#include <zip.h>

enum {
    CHUNK_BYTES = 32 * 1024,
    LARGE_PART_BYTES = 256 * 1024, // worth a thread that unpacks ahead of the parser
    NAME_SEPARATOR = '|',          // between a namespace and a name; neither can hold it
};

struct xlsx_package {
    zip_t *zip;
    uint64_t bytes; /* of the file */
};
struct xlsx_part {
    zip_file_t *file;
    struct ahead *ahead; /* of a large part: it alone touches file; NULL: none */
    XML_Parser parser;
    const struct xlsx_events *events;
    void *context;
    char name[200];
    char space[200]; /* the namespace seen last, with the separator behind it */
    size_t space_len;
    uint64_t packed, unpacked, read;
    unsigned depth;
    bool paused, eof, failed;
    struct file_problem problem;
};

/* --- the archive --- */

static bool is_encrypted(zip_t *zip)
{
    zip_int64_t count = zip_get_num_entries(zip, 0);
    for (zip_int64_t i = 0; i < count && i < 1000; i++) {
        zip_stat_t st;
        if (zip_stat_index(zip, (zip_uint64_t)i, 0, &st) == 0 &&
            (st.valid & ZIP_STAT_ENCRYPTION_METHOD) && st.encryption_method != ZIP_EM_NONE)
            return true;
    }
    return false;
}

static bool has_name(zip_t *zip, const char *name)
{
    return zip_name_locate(zip, name, ZIP_FL_NOCASE) >= 0;
}

/* What an archive without a workbook is. */
static enum file_problem_code other_kind(zip_t *zip)
{
    if (has_name(zip, "xl/workbook.bin"))
        return FILE_XLSB;
    if (has_name(zip, "word/document.xml") || has_name(zip, "ppt/presentation.xml"))
        return FILE_WORD;
    if (has_name(zip, "Index/Document.iwa") || has_name(zip, "Index.zip"))
        return FILE_NUMBERS;
    if (has_name(zip, "mimetype") && has_name(zip, "content.xml"))
        return FILE_ODS;
    if (has_name(zip, "[Content_Types].xml") || has_name(zip, "_rels/.rels") ||
        has_name(zip, "xl/workbook.xml"))
        return FILE_OK;
    return FILE_ZIP;
}

bool xlsx_package_open(const char *path, struct xlsx_package **ret_package,
                       struct file_problem *ret_problem, struct err *err)
{
    int code = 0;
    if (!zip_end_check(path, ret_problem))
        return false;
    zip_t *zip = zip_open(path, ZIP_RDONLY, &code);
    if (!zip) {
        zip_error_t error;
        zip_error_init_with_code(&error, code);
        err_set(err, ERR_INVALID, "the archive: %s", zip_error_strerror(&error));
        zip_error_fini(&error);
        return file_problem_set(ret_problem, FILE_WORKBOOK_DAMAGED, (str){0},
                                STR("the zip archive is cut off or broken"));
    }
    enum file_problem_code other = is_encrypted(zip) ? FILE_ENCRYPTED : other_kind(zip);
    if (other != FILE_OK) {
        (void)zip_discard(zip);
        return file_problem_set(ret_problem, other, (str){0}, (str){0});
    }
    struct xlsx_package *p = mem_new(1, sizeof *p);
    p->zip = zip;
    struct stat st;
    p->bytes = stat(path, &st) == 0 ? (uint64_t)st.st_size : UINT64_MAX;
    *ret_package = p;
    return true;
}

void xlsx_package_free(struct xlsx_package *p)
{
    if (!p)
        return;
    (void)zip_discard(p->zip);
    mem_free(p);
}

/* Replaces %HH by the byte it means; false when there is none. */
static bool percent_decode(char *text)
{
    char *to = text;
    bool any = false;
    for (; *text; text++, to++) {
        int byte = *text == '%' && text[1] && text[2]
                       ? str_hex4((str){(char[]){'0', '0', text[1], text[2]}, 4})
                       : -1;
        *to = byte > 0 ? (char)byte : *text;
        text += byte > 0 ? 2 : 0;
        any = any || byte > 0;
    }
    *to = 0;
    return any;
}

static zip_int64_t locate(struct xlsx_package *p, str name)
{
    char text[512];
    if (!name.len || name.len >= sizeof text)
        return -1;
    memcpy(text, name.ptr, name.len);
    text[name.len] = 0;
    zip_int64_t at = zip_name_locate(p->zip, text, ZIP_FL_NOCASE);
    // A target is a URI, the archive's name may be plain (ECMA-376 Part 2, 6.2.2).
    if (at < 0 && percent_decode(text))
        at = zip_name_locate(p->zip, text, ZIP_FL_NOCASE);
    if (at >= 0)
        return at;
    // Some writers use backslashes in the archive's own names.
    for (char *c = text; *c; c++)
        if (*c == '/')
            *c = '\\';
    return zip_name_locate(p->zip, text, ZIP_FL_NOCASE);
}

bool xlsx_package_has(struct xlsx_package *p, str name)
{
    return locate(p, name) >= 0;
}

str xlsx_package_resolve(struct arena *a, str base, str target)
{
    char *text = arena_alloc(a, base.len + target.len + 2, 1, 1);
    size_t len = 0;
    bool absolute = target.len && (target.ptr[0] == '/' || target.ptr[0] == '\\');
    for (size_t i = 0; i < base.len && !absolute; i++)
        if (base.ptr[i] == '/')
            len = i;
    memcpy(text, base.ptr, absolute ? 0 : len);
    len = absolute ? 0 : len;
    while (!str_is_null(target)) {
        size_t at = 0;
        while (at < target.len && target.ptr[at] != '/' && target.ptr[at] != '\\')
            at++;
        str step = str_first(target, at);
        target = at < target.len ? str_from(target, at + 1) : (str){0};
        if (!step.len || str_eq(step, STR(".")))
            continue;
        if (str_eq(step, STR(".."))) {
            while (len && text[--len] != '/')
                continue;
            continue;
        }
        if (len)
            text[len++] = '/';
        memcpy(text + len, step.ptr, step.len);
        len += step.len;
    }
    return (str){text, len};
}

/* --- parsing a part --- */

static str local_name(const char *name)
{
    const char *at = strrchr(name, NAME_SEPARATOR);
    return str_of(at ? at + 1 : name);
}

/* The same of an element's name: nearly all are of the namespace of the one before. */
static str element_name(struct xlsx_part *part, const char *name)
{
    if (part->space_len && strncmp(name, part->space, part->space_len) == 0)
        return str_of(name + part->space_len);
    str local = local_name(name);
    size_t space = (size_t)(local.ptr - name);
    part->space_len = space < sizeof part->space ? space : 0;
    memcpy(part->space, name, part->space_len);
    return local;
}

str xlsx_attribute_name(const char *name)
{
    return name[0] && !name[1] ? (str){name, 1} : local_name(name);
}

str xlsx_attribute(const char **attributes, const char *name)
{
    for (; attributes[0]; attributes += 2)
        if (str_eq(xlsx_attribute_name(attributes[0]), str_of(name)))
            return str_of(attributes[1]);
    return (str){0};
}

void xlsx_part_fail(struct xlsx_part *part, enum file_problem_code code, const char *detail,
                    uint64_t limit)
{
    if (part->failed)
        return;
    part->failed = true;
    part->problem.line = XML_GetCurrentLineNumber(part->parser);
    part->problem.limit = limit;
    char text[400];
    (void)snprintf(text, sizeof text, "%s%s%s", part->name, detail[0] ? ": " : "", detail);
    (void)file_problem_set(&part->problem, code, (str){0}, str_of(text));
    (void)XML_StopParser(part->parser, XML_FALSE);
}

static void XMLCALL on_start(void *context, const char *name, const char **attributes)
{
    struct xlsx_part *part = context;
    if (++part->depth > LIMIT_XML_DEPTH) {
        xlsx_part_fail(part, FILE_WORKBOOK_DEPTH, "", LIMIT_XML_DEPTH);
        return;
    }
    part->events->start(part->context, element_name(part, name), attributes);
}

static void XMLCALL on_end(void *context, const char *name)
{
    struct xlsx_part *part = context;
    part->depth--;
    if (!part->failed && part->events->end)
        part->events->end(part->context, element_name(part, name));
}

static void XMLCALL on_text(void *context, const char *text, int len)
{
    struct xlsx_part *part = context;
    if (!part->failed && part->events->text)
        part->events->text(part->context, (str){text, (size_t)len});
}

/* A workbook needs none, and what it declares may grow without end or lie elsewhere. */
static void XMLCALL on_doctype(void *context, const char *name, const char *system_id,
                               const char *public_id, int has_internal_subset)
{
    (void)name, (void)system_id, (void)public_id, (void)has_internal_subset;
    xlsx_part_fail(context, FILE_WORKBOOK_DOCTYPE, "", 0);
}

static bool bad_part(str name, const char *how, struct file_problem *problem)
{
    char text[300];
    (void)snprintf(text, sizeof text, "%.*s %s", STR_ARG(str_shown(name, 200)), how);
    return file_problem_set(problem, FILE_WORKBOOK_DAMAGED, (str){0}, str_of(text));
}

static int64_t unpack(void *context, char *to, size_t room)
{
    return zip_fread(((struct xlsx_part *)context)->file, to, room);
}

/* Unpacked bytes for the parser: how many, 0 at the end, negative on failure. */
static int64_t read_chunk(struct xlsx_part *part, char *to)
{
    const char *chunk;
    int64_t n = part->ahead ? ahead_next(part->ahead, &chunk) : unpack(part, to, CHUNK_BYTES);
    if (part->ahead && n > 0)
        memcpy(to, chunk, (size_t)n);
    return n;
}

static bool part_is_allowed(str name, const zip_stat_t *st, struct file_problem *problem)
{
    bool plain = !(st->valid & ZIP_STAT_COMP_METHOD) || st->comp_method == ZIP_CM_STORE ||
                 st->comp_method == ZIP_CM_DEFLATE;
    if (!plain)
        return file_problem_set(problem, FILE_WORKBOOK_COMPRESSION, (str){0}, str_shown(name, 200));
    if ((st->valid & ZIP_STAT_SIZE) && st->size > LIMIT_PART_BYTES) {
        problem->limit = LIMIT_PART_BYTES;
        return file_problem_set(problem, FILE_WORKBOOK_SIZE, (str){0}, str_shown(name, 200));
    }
    return true;
}

/* What its headers say of a part's size may be a lie: what comes is counted. */
static bool part_is_small(struct xlsx_part *part)
{
    if (part->read > LIMIT_PART_BYTES)
        xlsx_part_fail(part, FILE_WORKBOOK_SIZE, "", LIMIT_PART_BYTES);
    else if (part->read > LIMIT_PART_FREE_BYTES && part->read / LIMIT_PART_RATIO > part->packed)
        xlsx_part_fail(part, FILE_WORKBOOK_RATIO, "", LIMIT_PART_RATIO);
    return !part->failed;
}

bool xlsx_part_open(struct xlsx_package *p, str name, const struct xlsx_events *events,
                    void *context, struct xlsx_part **ret_part, struct file_problem *ret_problem,
                    struct err *err)
{
    zip_stat_t st;
    zip_int64_t at = locate(p, name);
    if (at < 0 || zip_stat_index(p->zip, (zip_uint64_t)at, 0, &st) != 0)
        return bad_part(name, "is missing", ret_problem);
    if ((st.valid & ZIP_STAT_COMP_SIZE) && st.comp_size > p->bytes)
        return bad_part(name, "would be larger than the file", ret_problem);
    if (!part_is_allowed(name, &st, ret_problem))
        return false;
    struct xlsx_part *part = mem_new(1, sizeof *part);
    (void)snprintf(part->name, sizeof part->name, "%.*s",
                   STR_ARG(str_shown(name, sizeof part->name - 1)));
    part->file = zip_fopen_index(p->zip, (zip_uint64_t)at, 0);
    part->packed = st.valid & ZIP_STAT_COMP_SIZE ? st.comp_size : 0;
    part->unpacked = st.valid & ZIP_STAT_SIZE ? st.size : 0;
    part->events = events;
    part->context = context;
    part->parser = XML_ParserCreateNS(NULL, NAME_SEPARATOR);
    if (!part->parser)
        die("expat: out of memory");
    XML_SetUserData(part->parser, part);
    XML_SetElementHandler(part->parser, on_start, on_end);
    XML_SetCharacterDataHandler(part->parser, on_text);
    XML_SetStartDoctypeDeclHandler(part->parser, on_doctype);
    if (!part->file) {
        err_set(err, ERR_INVALID, "the archive: %s", zip_strerror(p->zip));
        xlsx_part_free(part);
        (void)bad_part(name, "is missing", ret_problem);
        return false;
    }
    if (part->unpacked > LARGE_PART_BYTES)
        part->ahead = ahead_new(unpack, part, CHUNK_BYTES);
    *ret_part = part;
    return true;
}

void xlsx_part_pause(struct xlsx_part *part)
{
    part->paused = true;
    (void)XML_StopParser(part->parser, XML_TRUE);
}

static int fail(struct xlsx_part *part, const char *why, struct file_problem *problem,
                struct err *err)
{
    if (!part->failed)
        xlsx_part_fail(part, FILE_WORKBOOK_DAMAGED, why, 0);
    *problem = part->problem;
    err_set(err, ERR_INVALID, "the workbook: %s", why);
    return -1;
}

/* A token that is not complete is looked through again from its start with every chunk: a comment
 * of 256 MiB would cost minutes. */
static bool token_too_long(const struct xlsx_part *part)
{
    XML_Index token = XML_GetCurrentByteIndex(part->parser);
    return token >= 0 && part->read - (uint64_t)token > LIMIT_XML_TOKEN_BYTES + CHUNK_BYTES;
}

int xlsx_part_parse(struct xlsx_part *part, struct file_problem *ret_problem, struct err *err)
{
    enum XML_Status status = XML_STATUS_OK;
    bool resume = part->paused;
    part->paused = false;
    for (;;) {
        if (resume) {
            status = XML_ResumeParser(part->parser);
        } else if (part->eof) {
            return 0;
        } else {
            void *chunk = XML_GetBuffer(part->parser, CHUNK_BYTES);
            int64_t n = chunk ? read_chunk(part, chunk) : -1;
            if (n < 0)
                return fail(part, "it cannot be unpacked", ret_problem, err);
            part->read += (uint64_t)n;
            if (!part_is_small(part))
                return fail(part, "a zip bomb", ret_problem, err);
            part->eof = n == 0;
            status = XML_ParseBuffer(part->parser, (int)n, part->eof);
            if (status == XML_STATUS_OK && !part->eof && token_too_long(part)) {
                xlsx_part_fail(part, FILE_WORKBOOK_TAG, "", LIMIT_XML_TOKEN_BYTES);
                return fail(part, "an XML token", ret_problem, err);
            }
        }
        resume = false;
        if (part->failed)
            return fail(part, "a limit", ret_problem, err);
        if (status == XML_STATUS_SUSPENDED)
            return 1;
        if (status == XML_STATUS_ERROR)
            return fail(part, XML_ErrorString(XML_GetErrorCode(part->parser)), ret_problem, err);
    }
}

uint64_t xlsx_part_bytes_done(const struct xlsx_part *part)
{
    return part->unpacked
               ? (uint64_t)((double)part->packed * ((double)part->read / (double)part->unpacked))
               : 0;
}

void xlsx_part_free(struct xlsx_part *part)
{
    if (!part)
        return;
    ahead_free(part->ahead);
    XML_ParserFree(part->parser);
    if (part->file)
        (void)zip_fclose(part->file);
    mem_free(part);
}

bool xlsx_part_parse_all(struct xlsx_package *p, str name, const struct xlsx_events *events,
                         void *context, struct file_problem *ret_problem, struct err *err)
{
    struct xlsx_part *part = NULL;
    // The events need the part to fail it: a context that begins with a pointer gets it.
    if (!xlsx_part_open(p, name, events, context, &part, ret_problem, err))
        return false;
    assert(part);
    *(struct xlsx_part **)context = part;
    int rc = xlsx_part_parse(part, ret_problem, err);
    xlsx_part_free(part);
    return rc == 0;
}
