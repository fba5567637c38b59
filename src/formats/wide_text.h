/* wide_text: text of two or four bytes a letter that has no byte order mark.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMATS_WIDE_TEXT_H
#define FORMATS_WIDE_TEXT_H

#include "base/base.h"

/* "UTF-16LE" and so on when all of the file is text with line ends in that encoding and in no other
 * of its kind; NULL when that is not certain.  Reads by offset: the file's position stays. */
const char *wide_text_encoding(int fd);

#endif
