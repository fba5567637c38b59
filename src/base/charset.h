/* charset: text of other encodings as UTF-8, piece by piece (ICU's converters).
 * Threads: one converter, one thread.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_CHARSET_H
#define BASE_CHARSET_H

#include "base/buf.h"
#include "base/err.h"

struct charset;
/* Opens a converter by any name ICU knows ("windows-1251", "koi8-r", "utf-16", "cp866").
 * Errors: ERR_NOT_FOUND. */
MUST_CHECK bool charset_open(const char *name, struct charset **ret_charset, struct err *err);
/* Appends what it can of *bytes to out as UTF-8 and takes it off *bytes; `last` flushes.  Returns
 * false at bytes that the encoding cannot have: *bytes then begins at them. */
MUST_CHECK bool charset_convert(struct charset *c, str *bytes, bool last, struct buf *out);
/* True when each byte is a letter of its own: whether a text is valid depends on no order. */
bool charset_is_single_byte(const struct charset *c);
/* The name as IANA has it, or ICU's own: borrowed. */
const char *charset_name(const struct charset *c);
/* Frees c; NULL is fine. */
void charset_free(struct charset *c);
DEFINE_AUTO(struct charset *, charset_free)

#endif
