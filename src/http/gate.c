/* SPDX-License-Identifier: Apache-2.0 */
#include "http/gate.h"

#include "base/limits.h"

static bool refuse(struct gate_refusal *ret, enum http_refusal why, int status, const char *detail)
{
    *ret = (struct gate_refusal){why, status, detail};
    return false;
}

static bool bad(struct gate_refusal *ret, const char *detail)
{
    return refuse(ret, HTTP_BAD_REQUEST, 400, detail);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* A token (RFC 9110 5.6.2). */
static bool is_token(str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is_alnum(s.ptr[i]) && (!s.ptr[i] || !strchr("!#$%&'*+-.^_`|~", s.ptr[i])))
            return false;
    return s.len > 0;
}

/* Field content (RFC 9110 5.5): no control characters but tab; bytes over 0x7f are let through. */
static bool is_field_value(str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (((unsigned char)s.ptr[i] < ' ' && s.ptr[i] != '\t') || s.ptr[i] == 0x7f)
            return false;
    return true;
}

/* host [":" port] without userinfo (RFC 9110 7.2, RFC 3986 3.2.2), not empty. */
static bool is_host(str s)
{
    size_t i = 0;
    if (s.len && s.ptr[0] == '[') {
        while (++i < s.len && s.ptr[i] != ']')
            if (!is_hex(s.ptr[i]) && s.ptr[i] != ':' && s.ptr[i] != '.')
                return false;
        if (i < 3 || i == s.len)
            return false;
        i++;
    } else {
        for (; i < s.len && s.ptr[i] != ':'; i++)
            if (!is_alnum(s.ptr[i]) && (!s.ptr[i] || !strchr("-._~%!$&'()*+,;=", s.ptr[i])))
                return false;
        if (i == 0)
            return false;
    }
    if (i == s.len)
        return true;
    if (s.ptr[i++] != ':')
        return false;
    for (; i < s.len; i++)
        if (!is_digit(s.ptr[i]))
            return false;
    return true;
}

static bool check_line(const struct gate_head *head, struct gate_pass *pass,
                       struct gate_refusal *ret)
{
    static const struct {
        str name;
        enum http_method method;
    } known[] = {
        {{"GET", 3}, HTTP_GET},         {{"POST", 4}, HTTP_POST}, {{"PUT", 3}, HTTP_PUT},
        {{"PATCH", 5}, HTTP_PATCH},     {{"HEAD", 4}, HTTP_HEAD}, {{"DELETE", 6}, HTTP_DELETE},
        {{"OPTIONS", 7}, HTTP_OPTIONS},
    };
    for (size_t i = 0; i < COUNT(known) && !pass->method; i++)
        if (str_eq(head->method, known[i].name))
            pass->method = known[i].method;
    pass->http_1_0 = str_eq(head->version, STR("HTTP/1.0"));
    if (!pass->http_1_0 && !str_eq(head->version, STR("HTTP/1.1"))) {
        if (!str_starts(head->version, STR("HTTP/")) || head->version.len != 8)
            return bad(ret, "the request line does not end in an HTTP version");
        return refuse(ret, HTTP_BAD_REQUEST, 505, "this server speaks HTTP/1.1 and HTTP/1.0");
    }
    if (pass->method)
        return true;
    if (!is_token(head->method))
        return bad(ret, "the method is not a token");
    return refuse(ret, HTTP_BAD_REQUEST, 501, "this server does not know the method");
}

/* Cuts "scheme://authority" off an absolute target. */
static bool cut_origin(str *target, struct gate_refusal *ret)
{
    static const char wrong[] = "the target is neither a path nor an http address";
    str t = *target;
    if (t.len > 7 && str_eq_nocase(str_first(t, 7), STR("http://")))
        t = str_from(t, 7);
    else if (t.len > 8 && str_eq_nocase(str_first(t, 8), STR("https://")))
        t = str_from(t, 8);
    else
        return bad(ret, wrong);
    size_t end = 0;
    while (end < t.len && t.ptr[end] != '/' && t.ptr[end] != '?')
        end++;
    str authority = str_first(t, end);
    size_t at = str_find(authority, '@');
    if (at < authority.len)
        authority = str_from(authority, at + 1);
    if (!is_host(authority))
        return bad(ret, wrong);
    *target = str_from(t, end);
    return true;
}

static bool check_target(const struct gate_head *head, struct gate_pass *pass,
                         struct gate_refusal *ret)
{
    str t = head->target;
    if (t.len > LIMIT_TARGET_BYTES)
        return refuse(ret, HTTP_BAD_TARGET, 414, "the target is over 8 KiB long");
    for (size_t i = 0; i < t.len; i++) {
        if ((unsigned char)t.ptr[i] > 0x7f)
            return refuse(ret, HTTP_BAD_TARGET, 400,
                          "the target holds bytes that are not ASCII: percent-encode it");
        if ((unsigned char)t.ptr[i] <= ' ' || t.ptr[i] == 0x7f)
            return refuse(ret, HTTP_BAD_TARGET, 400,
                          "the target holds a space or a control character: percent-encode it");
    }
    if (t.len == 0)
        return bad(ret, "the request line has no target");
    if (str_eq(t, STR("*"))) {
        pass->path = t;
        return pass->method == HTTP_OPTIONS || bad(ret, "the target '*' is for OPTIONS only");
    }
    if (t.ptr[0] != '/' && !cut_origin(&t, ret))
        return false;
    size_t mark = str_find(t, '?');
    pass->path = mark ? str_first(t, mark) : STR("/");
    // Some programs take it for a slash: a proxy in front might have seen another path.
    if (str_find(pass->path, '\\') < pass->path.len)
        return refuse(ret, HTTP_BAD_TARGET, 400,
                      "the path holds a backslash: percent-encode it as %5C");
    if (mark < t.len)
        pass->query = str_from(t, mark + 1);
    return true;
}

/* The head must be exactly as long as its parts, written out the one right way. */
static bool check_length(const struct gate_head *head, struct gate_refusal *ret)
{
    size_t bytes = head->method.len + 1 + head->target.len + 1 + head->version.len + 2;
    for (size_t i = 0; i < head->count; i++) {
        const struct gate_field *f = &head->field[i];
        bytes += f->name.len + f->lead + f->value.len + f->trail + 2;
    }
    bytes += 2;
    if (head->received_bytes && head->received_bytes != bytes)
        return bad(ret, "the head holds a line that does not end in CR LF, a folded line, a NUL, "
                        "or more than one space in its first line");
    if (bytes > LIMIT_HEADER_BYTES)
        return refuse(ret, HTTP_BAD_REQUEST, 431, "the headers are over 32 KiB long");
    return true;
}

/* What the fields that frame a message were found to be. */
struct framing {
    size_t hosts, lengths, codings, types, authorizations;
    str host, length;
    bool strange_coding, coding_trail, strange_expect;
};

static void take_field(const struct gate_field *f, struct framing *framing, struct gate_pass *pass)
{
    if (str_eq_nocase(f->name, STR("Host"))) {
        framing->hosts++;
        framing->host = f->value;
    } else if (str_eq_nocase(f->name, STR("Content-Length"))) {
        framing->lengths++;
        framing->length = f->value;
    } else if (str_eq_nocase(f->name, STR("Transfer-Encoding"))) {
        framing->codings++;
        framing->strange_coding |= !str_eq_nocase(f->value, STR("chunked"));
        framing->coding_trail |= f->trail > 0;
    } else if (str_eq_nocase(f->name, STR("Content-Type"))) {
        framing->types++;
    } else if (str_eq_nocase(f->name, STR("Authorization"))) {
        framing->authorizations++;
    } else if (str_eq_nocase(f->name, STR("Expect")) && !pass->http_1_0) {
        if (str_eq_nocase(f->value, STR("100-continue")))
            pass->expect_continue = true;
        else
            framing->strange_expect = true;
    }
}

static bool check_coding(const struct framing *f, struct gate_pass *pass, struct gate_refusal *ret)
{
    if (pass->http_1_0)
        return bad(ret, "HTTP/1.0 has no Transfer-Encoding");
    if (f->lengths)
        return bad(ret, "Content-Length and Transfer-Encoding stand together");
    if (f->strange_coding)
        return refuse(ret, HTTP_BAD_REQUEST, 501, "the only Transfer-Encoding known is 'chunked'");
    // The library takes "chunked " for no coding it knows and would read until the end.
    if (f->codings > 1 || f->coding_trail)
        return bad(ret, "Transfer-Encoding must be 'chunked', once");
    pass->chunked = pass->has_body = true;
    return true;
}

static bool check_length_field(const struct framing *f, struct gate_pass *pass,
                               struct gate_refusal *ret)
{
    if (f->lengths > 1)
        return bad(ret, "Content-Length stands more than once");
    for (size_t i = 0; i < f->length.len; i++)
        if (!is_digit(f->length.ptr[i]))
            return bad(ret, "Content-Length is not a number");
    if (f->length.len == 0)
        return bad(ret, "Content-Length is empty");
    if (!str_to_u64(f->length, &pass->content_length))
        return refuse(ret, HTTP_BODY_TOO_LARGE, 413, "Content-Length is too large");
    pass->has_body = pass->content_length > 0;
    return true;
}

static bool check_fields(const struct gate_head *head, struct gate_pass *pass,
                         struct gate_refusal *ret)
{
    struct framing f = {0};
    if (head->count > LIMIT_HEADER_FIELDS)
        return refuse(ret, HTTP_BAD_REQUEST, 431, "there are too many header fields");
    for (size_t i = 0; i < head->count; i++) {
        if (!is_token(head->field[i].name))
            return bad(ret, "a header's name is not a token");
        if (!is_field_value(head->field[i].value))
            return bad(ret, "a header's value holds a control character");
        take_field(&head->field[i], &f, pass);
    }
    if (f.hosts > 1 || (f.hosts == 0 && !pass->http_1_0))
        return bad(ret, "there must be exactly one Host header");
    if (f.hosts && !is_host(f.host))
        return bad(ret, "the Host header is no host name with an optional port");
    if (f.types > 1 || f.authorizations > 1)
        return bad(ret, "Content-Type or Authorization stands more than once");
    if (f.codings && !check_coding(&f, pass, ret))
        return false;
    if (f.lengths && !check_length_field(&f, pass, ret))
        return false;
    pass->expect_continue = pass->expect_continue && pass->has_body;
    return !f.strange_expect ||
           refuse(ret, HTTP_BAD_REQUEST, 417, "the only expectation known is '100-continue'");
}

bool gate_check(const struct gate_head *head, struct gate_pass *ret_pass,
                struct gate_refusal *ret_refusal)
{
    *ret_pass = (struct gate_pass){.path = STR("")};
    return check_line(head, ret_pass, ret_refusal) && check_length(head, ret_refusal) &&
           check_target(head, ret_pass, ret_refusal) && check_fields(head, ret_pass, ret_refusal);
}

bool gate_trailer(str name, str value)
{
    static const str head_only[] = {
        {"Transfer-Encoding", 17}, {"Content-Length", 14}, {"Host", 4},
        {"Content-Encoding", 16},  {"Content-Type", 12},   {"Content-Range", 13},
        {"Authorization", 13},     {"Expect", 6},          {"Trailer", 7},
    };
    for (size_t i = 0; i < COUNT(head_only); i++)
        if (str_eq_nocase(name, head_only[i]))
            return false;
    return is_token(name) && is_field_value(value);
}
