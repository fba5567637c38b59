/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cursor.h"

enum { SIGNATURE_BYTES = 16, VERSION = 2 };

/* Each member is its length, a colon and its bytes. */
static void add(struct buf *b, str text)
{
    buf_format(b, "%zu:", text.len);
    buf_add(b, text);
}

static void add_number(struct buf *b, int64_t number)
{
    char text[24];
    add(b, (str){text, (size_t)snprintf(text, sizeof text, "%llu", (unsigned long long)number)});
}

static bool take(str *s, str *ret)
{
    uint64_t len;
    str head = str_split(s, ':');
    if (!str_to_u64(head, &len) || len > s->len)
        return false;
    *ret = str_first(*s, (size_t)len);
    *s = str_from(*s, (size_t)len);
    return true;
}

static bool take_number(str *s, int64_t *ret)
{
    uint64_t n;
    str text;
    if (!take(s, &text) || !str_to_u64(text, &n))
        return false;
    *ret = (int64_t)n;
    return true;
}

static void sign(const struct store *s, str bytes, unsigned char ret[SHA256_BYTES])
{
    unsigned char key[SHA256_BYTES];
    store_secret(s, STR("cursor"), key);
    crypto_hmac_sha256((str){(const char *)key, sizeof key}, bytes, ret);
}

str cursor_write(const struct store *s, struct arena *a, const struct cursor *c)
{
    AUTO(buf_done) struct buf b = {0};
    AUTO(buf_done) struct buf out = {0};
    unsigned char signature[SHA256_BYTES];
    add_number(&b, VERSION);
    add(&b, c->kind);
    add_number(&b, c->company_id);
    add(&b, c->search);
    add(&b, c->filter);
    add(&b, c->sort);
    add(&b, c->include);
    add(&b, c->fields);
    add_number(&b, (int64_t)c->per_page);
    add_number(&b, c->place.missing);
    add_number(&b, c->place.number);
    add(&b, c->place.text);
    add_number(&b, c->place.id);
    sign(s, buf_str(&b), signature);
    buf_add(&out, (str){(const char *)signature, SIGNATURE_BYTES});
    buf_add(&out, buf_str(&b));
    return crypto_base64url(a, buf_str(&out));
}

bool cursor_read(const struct store *s, struct arena *a, str text, str kind, int64_t company_id,
                 struct cursor *ret_cursor)
{
    unsigned char signature[SHA256_BYTES];
    struct cursor c;
    int64_t version, per_page, missing;
    str bytes;
    if (!crypto_base64url_bytes(a, text, &bytes) || bytes.len < SIGNATURE_BYTES)
        return false;
    str rest = str_from(bytes, SIGNATURE_BYTES);
    sign(s, rest, signature);
    if (!crypto_equal(signature, bytes.ptr, SIGNATURE_BYTES) || !take_number(&rest, &version) ||
        version != VERSION || !take(&rest, &c.kind) || !take_number(&rest, &c.company_id) ||
        !take(&rest, &c.search) || !take(&rest, &c.filter) || !take(&rest, &c.sort) || !take(&rest, &c.include) ||
        !take(&rest, &c.fields) || !take_number(&rest, &per_page) ||
        !take_number(&rest, &missing) || !take_number(&rest, &c.place.number) ||
        !take(&rest, &c.place.text) || !take_number(&rest, &c.place.id) || !str_eq(c.kind, kind) ||
        c.company_id != company_id)
        return false;
    c.per_page = (uint64_t)per_page;
    c.place.missing = missing;
    *ret_cursor = c;
    return true;
}
