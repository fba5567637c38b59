/* SPDX-License-Identifier: Apache-2.0 */
#include "base/unicode.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <pthread.h>
#include <unicode/ucasemap.h>
#include <unicode/uchar.h>
#include <unicode/uidna.h>
#include <unicode/unorm2.h>
#include <unicode/uspoof.h>
#include <unicode/ustring.h>

static const UNormalizer2 *nfc;
static UIDNA *idna;
static UCaseMap *case_map;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void open_tables(void)
{
    UErrorCode code = U_ZERO_ERROR;
    nfc = unorm2_getNFCInstance(&code);
    idna = uidna_openUTS46(UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ | UIDNA_NONTRANSITIONAL_TO_ASCII,
                           &code);
    case_map = ucasemap_open("", U_FOLD_CASE_DEFAULT, &code);
    if (U_FAILURE(code))
        die("ICU does not start: %s", u_errorName(code));
}

static bool is_ascii(str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] >= 0x80)
            return false;
    return true;
}

/* True when no character of the text composes or decomposes, told without tables: those below
 * U+0300 and U+0400-U+047F are NFC_Quick_Check=Yes with combining class 0 (UAX 15, 9).  In UTF-8
 * these are ASCII and pairs that begin with C2-CB, D0 or D1. */
static bool is_plainly_nfc(str s)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    for (size_t i = 0; i < s.len; i++)
        if (p[i] >= 0x80 && (p[i] & 0xC0) != 0x80 && p[i] > 0xCB && p[i] != 0xD0 && p[i] != 0xD1)
            return false;
    return true;
}

str unicode_nfc(struct arena *a, str s)
{
    UErrorCode code = U_ZERO_ERROR;
    if (is_plainly_nfc(s))
        return s;
    (void)pthread_once(&once, open_tables);
    int32_t room = (int32_t)s.len + 1, len = 0;
    UChar *from = mem_new((size_t)room, sizeof *from);
    u_strFromUTF8(from, room, &len, s.ptr, (int32_t)s.len, &code);
    if (unorm2_isNormalized(nfc, from, len, &code) && U_SUCCESS(code)) {
        mem_free(from);
        return s;
    }
    int32_t to_room =
        len * 4 + 8; // composition never grows a text by more than three times (UAX 15, 12)
    UChar *to = mem_new((size_t)to_room, sizeof *to);
    int32_t to_len = unorm2_normalize(nfc, from, len, to, to_room, &code), bytes = 0;
    char *text = arena_alloc(a, (size_t)to_len * 3 + 1, 1, 1);
    u_strToUTF8(text, to_len * 3 + 1, &bytes, to, to_len, &code);
    mem_free(from);
    mem_free(to);
    if (U_FAILURE(code))
        die("ICU cannot normalise: %s", u_errorName(code));
    return (str){text, (size_t)bytes};
}

static str fold_ascii(struct arena *a, str s)
{
    bool upper = false;
    for (size_t i = 0; i < s.len; i++)
        upper = upper || (s.ptr[i] >= 'A' && s.ptr[i] <= 'Z');
    if (!upper)
        return s;
    str copy = arena_str(a, s);
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] >= 'A' && s.ptr[i] <= 'Z')
            ((char *)copy.ptr)[i] = (char)(s.ptr[i] | 32);
    return copy;
}

str unicode_fold(struct arena *a, str s)
{
    UErrorCode code = U_ZERO_ERROR;
    if (is_ascii(s))
        return fold_ascii(a, s);
    (void)pthread_once(&once, open_tables);
    int32_t room = (int32_t)s.len * 6 + 8; // U+0390 folds to three characters
    char *text = arena_alloc(a, (size_t)room, 1, 1);
    int32_t len = ucasemap_utf8FoldCase(case_map, text, room, s.ptr, (int32_t)s.len, &code);
    if (U_FAILURE(code))
        die("ICU cannot fold case: %s", u_errorName(code));
    return unicode_nfc(a, (str){text, (size_t)len});
}

bool unicode_domain_ascii(struct arena *a, str domain, str *ret_ascii)
{
    UErrorCode code = U_ZERO_ERROR;
    UIDNAInfo info = UIDNA_INFO_INITIALIZER;
    char text[512];
    (void)pthread_once(&once, open_tables);
    int32_t len = uidna_nameToASCII_UTF8(idna, domain.ptr, (int32_t)domain.len, text, sizeof text,
                                         &info, &code);
    if (U_FAILURE(code) || info.errors || len <= 0)
        return false;
    *ret_ascii = arena_str(a, (str){text, (size_t)len});
    return true;
}

/* --- look-alikes (UTS 39) --- */

enum { LOOKALIKE_FROM = 0x370, LOOKALIKE_TO = 0x530 }; // Greek and Cyrillic
static char lookalike[LOOKALIKE_TO - LOOKALIKE_FROM];  // the Latin letter; 0: none
static pthread_once_t lookalike_once = PTHREAD_ONCE_INIT;

static bool same_look(const USpoofChecker *checker, UChar x, UChar y)
{
    UErrorCode code = U_ZERO_ERROR;
    UChar of_x[8], of_y[8];
    int32_t nx = uspoof_getSkeleton(checker, 0, &x, 1, of_x, COUNT(of_x), &code),
            ny = uspoof_getSkeleton(checker, 0, &y, 1, of_y, COUNT(of_y), &code);
    return U_SUCCESS(code) && nx == ny && u_memcmp(of_x, of_y, nx) == 0;
}

/* A capital stands for a capital: to ICU "I", "l" and "1" look alike as well. */
static void find_lookalikes(void)
{
    UErrorCode code = U_ZERO_ERROR;
    USpoofChecker *checker = uspoof_open(&code);
    if (U_FAILURE(code))
        die("ICU does not start: %s", u_errorName(code));
    for (UChar c = LOOKALIKE_FROM; c < LOOKALIKE_TO; c++)
        for (char latin = 'A'; latin <= 'z'; latin++) {
            bool letter = (latin | 32) >= 'a' && (latin | 32) <= 'z';
            if (letter && u_isalpha(c) && !u_isupper(c) == !u_isupper((UChar32)latin) &&
                same_look(checker, c, (UChar)latin))
                lookalike[c - LOOKALIKE_FROM] = latin;
        }
    uspoof_close(checker);
}

bool unicode_latin_lookalike(struct arena *a, str s, str *ret_latin)
{
    if (is_ascii(s))
        return false;
    (void)pthread_once(&lookalike_once, find_lookalikes);
    char *text = arena_alloc(a, s.len, 1, 1);
    size_t len = 0;
    while (s.len) {
        uint32_t c = utf8_next(&s);
        if (c >= LOOKALIKE_FROM && c < LOOKALIKE_TO)
            c = (unsigned char)lookalike[c - LOOKALIKE_FROM];
        if (!c || c >= 0x80)
            return false;
        text[len++] = (char)c;
    }
    *ret_latin = (str){text, len};
    return true;
}

bool unicode_is_word(uint32_t c)
{
    return u_isalnum((UChar32)c) || (U_GET_GC_MASK((UChar32)c) & U_GC_M_MASK);
}
