/* unicode: what needs the Unicode tables (ICU): normal forms, case folding, IDN, legacy encodings.
 *
 * All input is valid UTF-8.  Threads: any.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_UNICODE_H
#define BASE_UNICODE_H

#include "base/arena.h"
#include "base/err.h"

/* s in normal form C (UAX 15); s itself when it is already. */
str unicode_nfc(struct arena *a, str s);
/* s under full case folding (Unicode 3.13, R4), then NFC; s itself when nothing changes. */
str unicode_fold(struct arena *a, str s);
/* s as people search it: without case, without accents and other marks that stand over or under a
 * letter of Latin, Greek or Cyrillic (e for é, е for ё; but й is a letter of its own),
 * in compatibility form; s itself when nothing changes.  The same for what is plain already. */
str unicode_plain(struct arena *a, str s);
/* The ASCII form of a domain (UTS 46, non-transitional; STD3 rules off).  False when it is none. */
MUST_CHECK bool unicode_domain_ascii(struct arena *a, str domain, str *ret_ascii);
/* s with each letter that only looks like a Latin one (Cyrillic, Greek) made that one, when all of
 * s is ASCII then.  False when nothing looks so, or something else stays. */
MUST_CHECK bool unicode_latin_lookalike(struct arena *a, str s, str *ret_latin);
/* True for letters, digits and the marks that belong to them, of any script. */
bool unicode_is_word(uint32_t c);

#endif
