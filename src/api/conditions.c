/* Conditional requests (RFC 9110 13): the tag of a customer's document, and what a request says of
 * tags.
 *
 * A tag is "version-view": the version is the customer's updated_at, which every change moves on;
 * the view is a hash of what else the document depends on.  A GET is answered 304 when all of a tag
 * is the same; a change goes by the version, for it is about the customer and not a view of him.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "api/conditions.h"

#include "base/crypto.h"

#include <stdio.h>

enum { DOCUMENT_FORM = 1, TAGS_MAX = 64 }; // of the documents, should they ever look otherwise

static uint32_t view_of(struct http_request *r, const struct store_company *company)
{
    str fields = http_query(r, "fields[consumers]"), include = http_query(r, "include");
    str text =
        arena_format(http_arena(r), "%d\n%.*s\n%.*s\n%.*s", DOCUMENT_FORM,
                     STR_ARG(store_company_info(company)->zone), STR_ARG(include), STR_ARG(fields));
    return (uint32_t)crypto_hash64(text);
}

struct tag_view tag_view_of(struct http_request *r, const struct store_company *company)
{
    return (struct tag_view){view_of(r, company)};
}

void tag_text(struct tag_view view, const struct consumer *c, char ret_tag[TAG_BYTES])
{
    (void)snprintf(ret_tag, TAG_BYTES, "\"%llx-%08x\"", (unsigned long long)c->updated_at_us,
                   view.hash);
}

/* --- lists of tags --- */

struct tag {
    str text; /* with its quotation marks */
    bool weak;
};

/* Cuts the next tag off; false when what comes is none. */
static bool next_tag(str *rest, struct tag *ret_tag)
{
    *rest = str_trim(*rest);
    bool weak = str_starts(*rest, STR("W/"));
    str text = weak ? str_from(*rest, 2) : *rest;
    size_t end = text.len && text.ptr[0] == '"' ? 1 + str_find(str_from(text, 1), '"') : text.len;
    if (end >= text.len)
        return false;
    *ret_tag = (struct tag){str_first(text, end + 1), weak};
    str after = str_trim(str_from(text, end + 1));
    if (after.len && after.ptr[0] != ',')
        return false;
    while (after.len && (after.ptr[0] == ',' || after.ptr[0] == ' ' || after.ptr[0] == '\t'))
        after = str_from(after, 1);
    *rest = after;
    return true;
}

bool tag_is_in(str list, const char *tag)
{
    struct tag t;
    if (str_eq(str_trim(list), STR("*")))
        return true;
    while (str_trim(list).len && next_tag(&list, &t))
        if (str_eq(t.text, str_of(tag))) // weak or not: RFC 9110 13.1.2
            return true;
    return false;
}

/* The version of a tag of ours; false when it is none: it is nobody's. */
static bool version_of(str tag, int64_t *ret_version)
{
    uint64_t n = 0;
    size_t i = 1;
    for (; i < tag.len && i <= 15 && tag.ptr[i] != '-'; i++) {
        char c = tag.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
        n = n * 16 + (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    *ret_version = (int64_t)n;
    return i > 1 && i < tag.len && tag.ptr[i] == '-';
}

/* Reads a header into the versions it names; answers and returns false when it is malformed: a
 * change is not made on a guess. */
static bool read_versions(struct http_request *r, const char *name, bool strong, bool *ret_any,
                          const int64_t **ret_version, size_t *ret_count)
{
    str list = http_header(r, name);
    int64_t *version = ARENA_NEW(http_arena(r), int64_t, TAGS_MAX);
    size_t count = 0, tags = 0;
    struct tag t;
    *ret_any = str_eq(str_trim(list), STR("*"));
    while (!*ret_any && (str_trim(list).len || !tags)) {
        if (tags++ == TAGS_MAX || !next_tag(&list, &t)) {
            error_say(r,
                      &(struct error){.status = 400,
                                      .code = "malformed_condition",
                                      .source = SOURCE_HEADER,
                                      .where = str_of(name)},
                      SAY(r,
                          "%s is malformed: send *, or at most %d tags as ETag has them, in "
                          "quotation marks",
                          "Заголовок %s неверен: нужна * или не больше %d меток из ETag, в "
                          "кавычках"),
                      name, TAGS_MAX);
            return false;
        }
        // If-Match compares strongly: a weak tag is nobody's.
        if (!(strong && t.weak) && version_of(t.text, &version[count]))
            count++;
    }
    *ret_version = version;
    *ret_count = count;
    return true;
}

bool condition_read(struct http_request *r, const struct store_condition **ret_condition)
{
    struct store_condition *k = ARENA_NEW(http_arena(r), struct store_condition, 1);
    k->match = !str_is_null(http_header(r, "If-Match"));
    k->none_match = !str_is_null(http_header(r, "If-None-Match"));
    *ret_condition = k->match || k->none_match ? k : NULL;
    return (!k->match ||
            read_versions(r, "If-Match", true, &k->match_any, &k->version, &k->versions)) &&
           (!k->none_match || read_versions(r, "If-None-Match", false, &k->none_match_any,
                                            &k->none_version, &k->none_versions));
}

void condition_failed(struct http_request *r)
{
    bool match = !str_is_null(http_header(r, "If-Match"));
    error_say(r,
              &(struct error){.status = 412,
                              .source = SOURCE_HEADER,
                              .where = match ? STR("If-Match") : STR("If-None-Match")},
              "%s",
              SAY(r,
                  "Nothing was changed: the customer is not in the state that the condition asks "
                  "for. Read it again",
                  "Ничего не изменено: клиент не в том состоянии, которого требует условие. "
                  "Прочитайте его снова"));
}
