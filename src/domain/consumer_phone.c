/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"
#include "domain/consumer.h"

enum { MIN_DIGITS = 5, MAX_DIGITS = 15 };

static bool is_separator(uint32_t c)
{
    return c == ' ' || c == '-' || c == '(' || c == ')' || c == '.' || c == '/' || c == 0xA0 ||
           c == '\t' || (c >= 0x2010 && c <= 0x2015) || c == 0x2212 ||
           (c >= 0x2000 && c <= 0x200D) || c == 0x202F || c == 0x2060;
}

str consumer_phone_normal(struct arena *a, str s, bool *ret_as_given)
{
    char digits[MAX_DIGITS + 3];
    size_t n = 0;
    str rest = s;
    bool plus = false;
    *ret_as_given = true;
    while (rest.len) {
        uint32_t c = utf8_next(&rest);
        if (c >= '0' && c <= '9') {
            if (n == sizeof digits)
                return s;
            digits[n++] = (char)c;
        } else if (c == '+' && !plus && n == 0) {
            plus = true;
        } else if (!is_separator(c)) {
            return s;
        }
    }
    size_t prefix = !plus && n > 2 && digits[0] == '0' && digits[1] == '0' ? 2 : 0;
    if (n - prefix < MIN_DIGITS || n - prefix > MAX_DIGITS)
        return s;
    *ret_as_given = false;
    // Already plain digits: the given text is the result.
    if (s.len == n && !prefix)
        return s;
    return arena_str(a, (str){digits + prefix, n - prefix});
}
