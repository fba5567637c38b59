/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/consumer_search.h"

#include "base/unicode.h"
#include "base/utf8.h"
#include "domain/consumer_filter.h"

enum {
    PHONE_DIGITS_MAX = 20,
    PHONE_BEGIN_MIN = 3, // of digits that may be the beginning of a phone
    PHONE_END_MIN = 4,
};

/* --- words --- */

/* Cuts the next word off a plain text; {0}: there is none. */
static str next_word(str *rest)
{
    str from = {0};
    while (rest->len) {
        str before = *rest;
        bool word = unicode_is_word(utf8_next(rest));
        if (word && str_is_null(from))
            from = before;
        if (!word && !str_is_null(from))
            return str_first(from, (size_t)(before.ptr - from.ptr));
    }
    return str_is_null(from) ? from : str_first(from, (size_t)(rest->ptr - from.ptr));
}

static bool is_among(str word, const str *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(word, list[i]))
            return true;
    return false;
}

static size_t add_words(struct arena *a, str name, str *word, size_t count)
{
    str rest = unicode_plain(a, name);
    for (str w; count < LIMIT_SEARCH_WORDS && !str_is_null(w = next_word(&rest));) {
        w = str_shown(w, LIMIT_SEARCH_WORD_BYTES);
        if (!is_among(w, word, count))
            word[count++] = w;
    }
    return count;
}

static size_t words_of(struct arena *a, const struct consumer *c, str word[LIMIT_SEARCH_WORDS])
{
    size_t count = add_words(a, c->name, word, 0);
    return add_words(a, c->first_name, word, count);
}

/* --- phones --- */

static str reversed(struct arena *a, str s)
{
    char *to = (char *)arena_str(a, s).ptr;
    for (size_t i = 0; i < s.len; i++)
        to[i] = s.ptr[s.len - 1 - i];
    return (str){to, s.len};
}

static bool is_digits(str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    return s.len > 0;
}

/* The digits of what was kept as it was given: "+7 916 1234567 ext. 12" begins with his number. */
static str digits_of(struct arena *a, str phone)
{
    char digits[PHONE_DIGITS_MAX];
    size_t n = 0;
    if (is_digits(phone))
        return phone.len > PHONE_DIGITS_MAX ? str_first(phone, PHONE_DIGITS_MAX) : phone;
    for (size_t i = 0; i < phone.len && n < sizeof digits; i++)
        if (phone.ptr[i] >= '0' && phone.ptr[i] <= '9')
            digits[n++] = phone.ptr[i];
    return arena_str(a, (str){digits, n});
}

static str phone_of(struct arena *a, const struct consumer *c)
{
    return c->phone.len ? digits_of(a, consumer_phone_key(a, c->phone)) : (str){0};
}

str consumer_phone_term(struct arena *a, str digits, bool end)
{
    return arena_format(a, "%c%.*s", end ? '-' : '+', STR_ARG(digits));
}

/* Whether people may mean a phone by it, and its digits. */
static bool looks_like_phone(struct arena *a, str text, bool *ret_plus, str *ret_digits)
{
    char digits[PHONE_DIGITS_MAX];
    size_t n = 0;
    *ret_plus = text.len && text.ptr[0] == '+';
    for (size_t i = *ret_plus; i < text.len; i++) {
        char c = text.ptr[i];
        bool digit = c >= '0' && c <= '9';
        if ((!digit && !(c && strchr(" -().\t", c))) || n == sizeof digits)
            return false;
        if (digit)
            digits[n++] = c;
    }
    *ret_digits = arena_str(a, (str){digits, n});
    return n >= PHONE_BEGIN_MIN;
}

static void read_phone(struct arena *a, str text, struct consumer_search_part *p)
{
    bool plus;
    str digits;
    if (!looks_like_phone(a, text, &plus, &digits))
        return;
    if (!plus && str_starts(digits, STR("00")) && digits.len > PHONE_BEGIN_MIN + 1) {
        digits = str_from(digits, 2);
        plus = true;
    }
    p->phone[p->phones++] = digits;
    // 8 before a Russian number is 7, and neither may be there.
    if (!plus && digits.ptr[0] == '8')
        p->phone[p->phones++] = arena_format(a, "7%.*s", STR_ARG(str_from(digits, 1)));
    if (!plus && digits.ptr[0] != '7')
        p->phone[p->phones++] = arena_format(a, "7%.*s", STR_ARG(digits));
    if (digits.len >= PHONE_END_MIN)
        p->phone_end = reversed(a, digits);
}

/* --- reading --- */

static void read_part(struct arena *a, str text, bool words, struct consumer_search_part *p)
{
    *p =
        (struct consumer_search_part){.text = text, .email = unicode_fold(a, unicode_nfc(a, text))};
    if (words) {
        p->word = ARENA_NEW(a, str, LIMIT_SEARCH_WORDS);
        p->words = add_words(a, text, p->word, 0);
    }
    read_phone(a, text, p);
}

static bool is_blank(uint32_t c)
{
    return c == ' ' || c == '\t' || c == 0xA0 || c == 0x202F || (c >= 0x2000 && c <= 0x200A) ||
           c == 0x3000 || c == '\n' || c == '\r';
}

/* Cuts the next part off; {0}: there is none. */
static str next_part(str *rest)
{
    str from = {0};
    while (rest->len) {
        str before = *rest;
        bool blank = is_blank(utf8_next(rest));
        if (!blank && str_is_null(from))
            from = before;
        if (blank && !str_is_null(from))
            return str_first(from, (size_t)(before.ptr - from.ptr));
    }
    return str_is_null(from) ? from : str_first(from, (size_t)(rest->ptr - from.ptr));
}

enum search_problem consumer_search_parse(struct arena *a, str text,
                                          struct consumer_search *ret_search)
{
    struct consumer_search s = {0};
    str trimmed = utf8_trim(text), rest = trimmed, part;
    if (!trimmed.len)
        return SEARCH_EMPTY;
    if (trimmed.len > LIMIT_SEARCH_BYTES)
        return SEARCH_TOO_LONG;
    trimmed = arena_str(a, trimmed);
    rest = trimmed;
    s.part = ARENA_NEW(a, struct consumer_search_part, LIMIT_SEARCH_PARTS);
    while (!str_is_null(part = next_part(&rest))) {
        if (s.parts == LIMIT_SEARCH_PARTS)
            return SEARCH_TOO_MANY_PARTS;
        read_part(a, part, true, &s.part[s.parts++]);
    }
    read_part(a, trimmed, s.parts == 1, &s.whole);
    if (consumer_email_valid(a, trimmed))
        s.email_key = consumer_email_key(a, trimmed);
    if (!consumer_id_parse(trimmed, &s.id))
        s.id = 0;
    *ret_search = s;
    return SEARCH_OK;
}

/* --- comparing --- */

struct compared { /* a customer, made comparable as far as it was needed */
    const struct consumer *consumer;
    struct arena *arena;
    str phone, phone_end, *word;
    size_t words;
    bool has_phone, has_words;
};

static void need_phone(struct compared *c)
{
    if (c->has_phone)
        return;
    c->has_phone = true;
    c->phone = phone_of(c->arena, c->consumer);
    c->phone_end = c->phone.len ? reversed(c->arena, c->phone) : (str){0};
}

static void need_words(struct compared *c)
{
    if (c->has_words)
        return;
    c->has_words = true;
    c->word = ARENA_NEW(c->arena, str, LIMIT_SEARCH_WORDS);
    c->words = words_of(c->arena, c->consumer, c->word);
}

static bool has_phone(struct compared *c, const struct consumer_search_part *p)
{
    if (!p->phones || !c->consumer->phone.len)
        return false;
    need_phone(c);
    for (size_t i = 0; i < p->phones; i++)
        if (c->phone.len && str_starts(c->phone, p->phone[i]))
            return true;
    return p->phone_end.len && c->phone_end.len && str_starts(c->phone_end, p->phone_end);
}

static bool has_words(struct compared *c, const struct consumer_search_part *p)
{
    if (!p->words || (!c->consumer->name.len && !c->consumer->first_name.len))
        return false;
    need_words(c);
    for (size_t i = 0; i < p->words; i++) {
        size_t n = 0;
        while (n < c->words && !str_starts(c->word[n], p->word[i]))
            n++;
        if (n == c->words)
            return false;
    }
    return true;
}

static bool has_part(struct compared *c, const struct consumer_search_part *p)
{
    const struct consumer *k = c->consumer;
    return (k->external_id.len && str_starts(k->external_id, p->text)) ||
           (k->legacy_id.len && str_starts(k->legacy_id, p->text)) ||
           (k->email_key.len && str_starts(k->email_key, p->email)) || has_phone(c, p) ||
           has_words(c, p);
}

bool consumer_search_matches(const struct consumer_search *s, struct arena *scratch,
                             const struct consumer *c)
{
    struct compared k = {.consumer = c, .arena = scratch};
    if ((s->id && s->id == c->id) || has_part(&k, &s->whole))
        return true;
    if (s->email_key.len && str_eq(s->email_key, c->email_key))
        return true;
    for (size_t i = 0; i < s->parts; i++)
        if (s->parts == 1 || !has_part(&k, &s->part[i]))
            return false;
    return s->parts > 0;
}

bool consumer_search_is_exact(const struct consumer_search *s, struct arena *scratch,
                              const struct consumer *c)
{
    const struct consumer_search_part *p = &s->whole;
    if ((s->id && s->id == c->id) || (c->external_id.len && str_eq(c->external_id, p->text)) ||
        (c->legacy_id.len && str_eq(c->legacy_id, p->text)) ||
        (s->email_key.len && str_eq(c->email_key, s->email_key)))
        return true;
    str phone = p->phones ? phone_of(scratch, c) : (str){0};
    for (size_t i = 0; i < p->phones; i++)
        if (p->phone[i].len >= SEARCH_PHONE_WHOLE && str_eq(phone, p->phone[i]))
            return true;
    return false;
}

/* --- terms --- */

size_t consumer_terms(struct arena *a, const struct consumer *c, str ret_term[CONSUMER_TERMS])
{
    size_t count = words_of(a, c, ret_term);
    str phone = phone_of(a, c);
    if (phone.len < PHONE_BEGIN_MIN)
        return count;
    ret_term[count++] = consumer_phone_term(a, phone, false);
    ret_term[count++] = consumer_phone_term(a, reversed(a, phone), true);
    return count;
}
