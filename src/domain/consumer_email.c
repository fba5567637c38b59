/* E-mail addresses: the HTML standard's "valid e-mail address" (WHATWG HTML 4.10.5.1.5), with
 * letters and digits of every script beside ASCII's.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "base/unicode.h"
#include "base/utf8.h"
#include "domain/consumer.h"

enum { LABEL_BYTES = 63 };

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Takes the next character: true for letters and digits of any script and for those in `more`. */
static bool take_word(str *s, const char *more)
{
    char c = s->ptr[0];
    if ((unsigned char)c >= 0x80)
        return unicode_is_word(utf8_next(s));
    *s = str_from(*s, 1);
    return is_alnum(c) || (c && strchr(more, c));
}

static bool local_valid(str s)
{
    bool ok = s.len > 0;
    while (ok && s.len)
        ok = take_word(&s, ".-_!#$%&'*+/=?^`{|}~");
    return ok;
}

static bool label_valid(str s)
{
    bool ok = s.len && s.ptr[0] != '-' && s.ptr[s.len - 1] != '-';
    while (ok && s.len)
        ok = take_word(&s, "-");
    return ok;
}

static bool is_ascii(str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] >= 0x80)
            return false;
    return true;
}

static bool domain_valid(struct arena *a, str domain)
{
    str ascii = domain;
    if (!is_ascii(domain) && !unicode_domain_ascii(a, domain, &ascii))
        return false;
    str rest = domain;
    while (!str_is_null(rest))
        if (!label_valid(str_split(&rest, '.')))
            return false;
    while (!str_is_null(ascii))
        if (str_split(&ascii, '.').len > LABEL_BYTES)
            return false;
    return true;
}

bool consumer_email_valid(struct arena *a, str s)
{
    size_t at = str_find(s, '@');
    return s.len <= LIMIT_EMAIL_BYTES && at < s.len && utf8_valid(s) &&
           local_valid(str_first(s, at)) && domain_valid(a, str_from(s, at + 1));
}

str consumer_email_key(struct arena *a, str email)
{
    if (is_ascii(email))
        return unicode_fold(a, email);
    size_t at = str_find(email, '@');
    str local = unicode_fold(a, unicode_nfc(a, str_first(email, at))),
        domain = str_from(email, at + 1), ascii;
    if (!unicode_domain_ascii(a, domain, &ascii))
        ascii = unicode_fold(a, domain);
    return arena_format(a, "%.*s@%.*s", STR_ARG(local), STR_ARG(ascii));
}
