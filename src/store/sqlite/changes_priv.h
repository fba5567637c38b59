/* The packed form of a block of `changed`: of each entry how much its stamp is later than the one
 * before, then how much its id differs, as numbers of seven bits a byte (LEB128, the second in
 * zigzag).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SQLITE_CHANGES_PRIV_H
#define STORE_SQLITE_CHANGES_PRIV_H

#include "base/str.h"

enum {
    CHANGES_BLOCK = 128,       /* entries in a block, at most: some 1 KiB */
    CHANGES_BLOCK_BYTES = 2560 /* which they fit in, however large the numbers */
};
struct change_entry {
    int64_t stamp, id;
};
/* Packs entries in the order of their stamps; the number of bytes. */
size_t changes_pack(const struct change_entry *entry, size_t count,
                    char ret_bytes[CHANGES_BLOCK_BYTES]);
/* The entries of a block; none beyond what is malformed. */
size_t changes_unpack(str bytes, struct change_entry ret_entry[CHANGES_BLOCK]);

#endif
