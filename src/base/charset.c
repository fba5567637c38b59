/* SPDX-License-Identifier: Apache-2.0 */
#include "base/charset.h"

#include "base/mem.h"

#include <unicode/ucnv.h>
#include <unicode/ucnv_err.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>

enum { CHUNK = 4096 };

struct charset {
    UConverter *from;
    const char *name;
};

bool charset_open(const char *name, struct charset **ret_charset, struct err *err)
{
    UErrorCode code = U_ZERO_ERROR, ignored = U_ZERO_ERROR;
    UConverter *from = name[0] ? ucnv_open(name, &code) : NULL;
    if (!from || U_FAILURE(code))
        return err_set(err, ERR_NOT_FOUND, "there is no encoding of that name");
    // Stop at bytes that cannot be: never a silent U+FFFD.
    ucnv_setToUCallBack(from, UCNV_TO_U_CALLBACK_STOP, NULL, NULL, NULL, &code);
    struct charset *c = mem_new(1, sizeof *c);
    c->from = from;
    c->name = ucnv_getStandardName(ucnv_getName(from, &ignored), "MIME", &ignored);
    if (!c->name) // windows-1251 has a name at IANA, but none of MIME
        c->name = ucnv_getStandardName(ucnv_getName(from, &ignored), "IANA", &ignored);
    if (!c->name)
        c->name = ucnv_getName(from, &code);
    *ret_charset = c;
    return true;
}

bool charset_convert(struct charset *c, str *bytes, bool last, struct buf *out)
{
    UChar chunk[CHUNK];
    int32_t kept = 0; // 1: the first half of a pair that a full chunk was cut in
    for (;;) {
        UChar *end = chunk + kept;
        const char *from = bytes->ptr;
        UErrorCode code = U_ZERO_ERROR, utf8_code = U_ZERO_ERROR;
        ucnv_toUnicode(c->from, &end, chunk + CHUNK, &from, bytes->ptr + bytes->len, NULL, last,
                       &code);
        int32_t units = (int32_t)(end - chunk), len = 0;
        UChar half = units ? chunk[units - 1] : 0;
        kept = code == U_BUFFER_OVERFLOW_ERROR && U16_IS_LEAD(half);
        units -= kept;
        if (!buf_reserve(out, (size_t)units * 3 + 1))
            die("charset: the output has too low a ceiling");
        u_strToUTF8(out->ptr + out->len, units * 3 + 1, &len, chunk, units, &utf8_code);
        if (U_FAILURE(code) && code != U_BUFFER_OVERFLOW_ERROR) {
            char bad[32];
            int8_t bad_len = sizeof bad;
            UErrorCode bad_code = U_ZERO_ERROR;
            ucnv_getInvalidChars(c->from, bad, &bad_len, &bad_code);
            size_t taken = (size_t)(from - bytes->ptr);
            out->len += (size_t)len;
            *bytes = str_from(*bytes, taken - MIN((size_t)bad_len, taken));
            return false;
        }
        // A lone surrogate in UTF-16 text: the converter to UTF-8 refuses it.
        if (U_FAILURE(utf8_code) && utf8_code != U_STRING_NOT_TERMINATED_WARNING)
            return false;
        out->len += (size_t)len;
        *bytes = str_from(*bytes, (size_t)(from - bytes->ptr));
        if (code != U_BUFFER_OVERFLOW_ERROR)
            return true;
        chunk[0] = half; // text again if it was kept
    }
}

bool charset_is_single_byte(const struct charset *c)
{
    return ucnv_getMaxCharSize(c->from) == 1;
}

const char *charset_name(const struct charset *c)
{
    return c->name;
}

void charset_free(struct charset *c)
{
    if (!c)
        return;
    ucnv_close(c->from);
    mem_free(c);
}
