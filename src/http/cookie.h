/* cookie: one of the cookies that a client sends (RFC 6265).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_COOKIE_H
#define HTTP_COOKIE_H

#include "base/str.h"

/* The value of the first cookie of that name in a Cookie header's value, without the quotes around
 * it; {0}: there is none. */
str cookie_find(str header, str name);

#endif
