/* Texts as people search them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "base/unicode.h"
#include "base/utf8.h"

#include <pthread.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

enum { BREVE = 0x306, SHORT_I = 0x439, CAPITAL_SHORT_I = 0x419 };

static const UNormalizer2 *nfkd, *nfkc;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void open_tables(void)
{
    UErrorCode code = U_ZERO_ERROR;
    nfkd = unorm2_getNFKDInstance(&code);
    nfkc = unorm2_getNFKCInstance(&code);
    if (U_FAILURE(code))
        die("ICU does not start: %s", u_errorName(code));
}

/* --- most names: ASCII and the Cyrillic of U+0400-U+045F, without tables --- */

static bool is_quick(str s)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    for (size_t i = 0; i < s.len; i++)
        if (p[i] >= 0x80 && (p[i] & 0xC0) != 0x80 && p[i] != 0xD0 &&
            !(p[i] == 0xD1 && i + 1 < s.len && p[i + 1] < 0xA0))
            return false;
    return true;
}

static unsigned quick_cyrillic(unsigned c)
{
    if (c < 0x410)
        c += 0x50;
    else if (c < 0x430)
        c += 0x20;
    switch (c) {
    case 0x450: // ie with grave
    case 0x451: // io
        return 0x435;
    case 0x453: // gje
        return 0x433;
    case 0x457: // yi
        return 0x456;
    case 0x45C: // kje
        return 0x43A;
    case 0x45D: // i with grave
        return 0x438;
    case 0x45E: // short u
        return 0x443;
    default:
        return c;
    }
}

static str quick(struct arena *a, str s)
{
    char *to = NULL;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char first = (unsigned char)s.ptr[i];
        bool pair = first >= 0x80 && i + 1 < s.len;
        unsigned c =
            pair ? (unsigned)(first & 31) << 6 | ((unsigned char)s.ptr[i + 1] & 63) : first;
        unsigned plain = pair ? quick_cyrillic(c) : c >= 'A' && c <= 'Z' ? c | 32 : c;
        if (plain != c && !to)
            to = (char *)arena_str(a, s).ptr;
        if (plain != c && !pair)
            to[i] = (char)plain;
        if (plain != c && pair) {
            to[i] = (char)(0xC0 | plain >> 6);
            to[i + 1] = (char)(0x80 | (plain & 63));
        }
        i += pair;
    }
    return to ? (str){to, s.len} : s;
}

/* --- any text --- */

/* Letters that carry a stroke or the like, which is no mark of its own. */
static UChar without_stroke(UChar c)
{
    static const UChar pairs[][2] = {{0x142, 'l'}, {0x141, 'l'}, {0xF8, 'o'},
                                     {0xD8, 'o'},  {0x111, 'd'}, {0x110, 'd'},
                                     {0x127, 'h'}, {0x126, 'h'}, {0x131, 'i'}};
    for (size_t i = 0; i < COUNT(pairs); i++)
        if (pairs[i][0] == c)
            return pairs[i][1];
    return c;
}

/* Drops the marks of a decomposed text, in place; the new length. */
static int32_t drop_marks(UChar *text, int32_t len)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < len; i++) {
        UChar c = text[i];
        bool mark = c >= 0x300 && c <= 0x36F;
        bool short_i = c == BREVE && kept && (text[kept - 1] == 0x438 || text[kept - 1] == 0x418);
        if (short_i)
            text[kept - 1] = (UChar)(text[kept - 1] + (SHORT_I - 0x438));
        else if (!mark)
            text[kept++] = without_stroke(c);
    }
    static_assert(CAPITAL_SHORT_I - 0x418 == SHORT_I - 0x438, "both are one further");
    return kept;
}

str unicode_plain(struct arena *a, str s)
{
    UErrorCode code = U_ZERO_ERROR;
    if (is_quick(s))
        return quick(a, s);
    (void)pthread_once(&once, open_tables);
    // A character decomposes into 18 at most (UAX 15, 12), and folds to three.
    int32_t len = 0, room = (int32_t)s.len * 18 + 8, bytes = 0;
    AUTO(mem_free) UChar *from = mem_new((size_t)room, sizeof *from);
    AUTO(mem_free) UChar *to = mem_new((size_t)room, sizeof *to);
    u_strFromUTF8WithSub(from, room, &len, s.ptr, (int32_t)s.len, 0xFFFD, NULL, &code);
    len = unorm2_normalize(nfkd, from, len, to, room, &code);
    len = U_SUCCESS(code) ? drop_marks(to, len) : 0;
    len = u_strFoldCase(from, room, to, len, U_FOLD_CASE_DEFAULT, &code);
    // Folding may bring marks forth: those of a capital I with a dot.
    len = unorm2_normalize(nfkd, from, len, to, room, &code);
    len = U_SUCCESS(code) ? drop_marks(to, len) : 0;
    len = unorm2_normalize(nfkc, to, len, from, room, &code);
    char *text = arena_alloc(a, (size_t)len * 3 + 1, 1, 1);
    u_strToUTF8(text, len * 3 + 1, &bytes, from, len, &code);
    if (U_FAILURE(code))
        die("ICU cannot make a text plain: %s", u_errorName(code));
    return (str){text, (size_t)bytes};
}
