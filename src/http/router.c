/* SPDX-License-Identifier: Apache-2.0 */
#include "http/router.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "http/form.h"

enum { SEGMENTS_MAX = 16 };

struct router_pattern {
    const struct http_route *route;
    unsigned methods; /* with HEAD beside GET */
    bool open_end;    /* the last placeholder takes all the segments that are left */
    size_t count;
    struct {
        str text; /* of a placeholder: its name */
        bool placeholder;
    } segment[SEGMENTS_MAX];
};
struct router {
    size_t count;
    struct router_pattern pattern[];
};

static void read_pattern(struct router_pattern *p, const struct http_route *route)
{
    str rest = str_of(route->pattern);
    if (!str_starts(rest, STR("/")))
        die("route '%s': a pattern starts with '/'", route->pattern);
    p->route = route;
    p->methods = route->methods | (route->methods & HTTP_GET ? (unsigned)HTTP_HEAD : 0);
    rest = str_from(rest, 1);
    do {
        if (p->count == SEGMENTS_MAX)
            die("route '%s': too many segments", route->pattern);
        str s = str_split(&rest, '/');
        bool placeholder = str_starts(s, STR("{")) && str_ends(s, STR("}"));
        if (placeholder)
            s = (str){s.ptr + 1, s.len - 2};
        if (p->open_end)
            die("route '%s': nothing may follow what takes all the rest", route->pattern);
        if (placeholder && str_ends(s, STR("..."))) {
            p->open_end = true;
            s.len -= 3;
        }
        p->segment[p->count].placeholder = placeholder;
        p->segment[p->count].text = s;
        p->count++;
    } while (!str_is_null(rest));
}

struct router *router_new(const struct http_route *route, size_t count)
{
    struct router *t = mem_new(1, sizeof *t + count * sizeof t->pattern[0]);
    t->count = count;
    for (size_t i = 0; i < count; i++)
        read_pattern(&t->pattern[i], &route[i]);
    return t;
}

void router_free(struct router *t)
{
    mem_free(t);
}

static bool decode_segment(struct arena *a, str raw, str *ret_segment, const char **ret_detail)
{
    if (!form_decode(a, raw, false, ret_segment)) {
        *ret_detail = "the path holds a '%' that two hexadecimal digits do not follow";
        return false;
    }
    if (str_find(*ret_segment, '\0') < ret_segment->len) {
        *ret_detail = "the path holds %00";
        return false;
    }
    if (!utf8_valid(*ret_segment)) {
        *ret_detail = "the path is not UTF-8 once it is percent-decoded";
        return false;
    }
    return true;
}

static bool fits(const struct router_pattern *p, const str *segment, size_t count)
{
    size_t fixed = p->count - p->open_end;
    if (p->open_end ? count < p->count || count > SEGMENTS_MAX : count != p->count)
        return false;
    for (size_t i = fixed; i < count; i++) // what is joined must come apart in the same way
        if (p->open_end && str_find(segment[i], '/') < segment[i].len)
            return false;
    for (size_t i = 0; i < fixed; i++)
        if (p->segment[i].placeholder ? segment[i].len == 0
                                      : !str_eq(segment[i], p->segment[i].text))
            return false;
    return true;
}

static str join(struct arena *a, const str *segment, size_t count)
{
    AUTO(buf_done) struct buf b = {0};
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_add_char(&b, '/');
        buf_add(&b, segment[i]);
    }
    return arena_str(a, buf_str(&b));
}

static unsigned all_methods(const struct router *t)
{
    unsigned methods = 0;
    for (size_t i = 0; i < t->count; i++)
        methods |= t->pattern[i].methods;
    return methods;
}

enum router_outcome router_find(const struct router *t, struct arena *a, enum http_method method,
                                str path, struct router_match *ret_match)
{
    *ret_match = (struct router_match){0};
    if (str_eq(path, STR("*"))) {
        ret_match->allowed = all_methods(t);
        return ROUTER_OPTIONS;
    }
    str *segment = ARENA_NEW(a, str, SEGMENTS_MAX), extra;
    size_t count = 0;
    str rest = str_from(path, path.len ? 1 : 0);
    do { // what is too long for every pattern is still decoded, for its errors
        str raw = str_split(&rest, '/');
        str *s = count < SEGMENTS_MAX ? &segment[count] : &extra;
        if (!decode_segment(a, raw, s, &ret_match->detail))
            return ROUTER_BAD_TARGET;
        count++;
    } while (!str_is_null(rest));

    ret_match->segment = segment;
    for (size_t i = 0; i < t->count; i++) {
        const struct router_pattern *p = &t->pattern[i];
        if ((p->open_end && ret_match->allowed) || !fits(p, segment, count))
            continue;
        ret_match->allowed |= p->methods;
        if (!ret_match->route && (p->methods & method)) {
            ret_match->route = p->route;
            ret_match->pattern = p;
            if (p->open_end)
                segment[p->count - 1] = join(a, segment + p->count - 1, count - p->count + 1);
        }
    }
    if (ret_match->route)
        return ROUTER_FOUND;
    if (!ret_match->allowed)
        return ROUTER_NO_ROUTE;
    return method == HTTP_OPTIONS ? ROUTER_OPTIONS : ROUTER_WRONG_METHOD;
}

str router_segment(const struct router_match *match, const char *name)
{
    const struct router_pattern *p = match->pattern;
    for (size_t i = 0; p && i < p->count; i++)
        if (p->segment[i].placeholder && str_eq(p->segment[i].text, str_of(name)))
            return match->segment[i];
    return (str){0};
}

static const struct {
    enum http_method method;
    const char *name;
} methods_known[] = {{HTTP_GET, "GET"},        {HTTP_HEAD, "HEAD"},   {HTTP_POST, "POST"},
                     {HTTP_PUT, "PUT"},        {HTTP_PATCH, "PATCH"}, {HTTP_DELETE, "DELETE"},
                     {HTTP_OPTIONS, "OPTIONS"}};

const char *http_method_text(enum http_method method)
{
    for (size_t i = 0; i < COUNT(methods_known); i++)
        if (methods_known[i].method == method)
            return methods_known[i].name;
    return "OPTIONS";
}

str router_allow(struct arena *a, unsigned methods)
{
    AUTO(buf_done) struct buf b = {0};
    methods |= HTTP_OPTIONS;
    for (size_t i = 0; i < COUNT(methods_known); i++)
        if (methods & methods_known[i].method)
            buf_format(&b, "%s%s", b.len ? ", " : "", methods_known[i].name);
    return arena_str(a, buf_str(&b));
}
