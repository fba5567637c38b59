/* An id is the integer's eight bytes, big end first, and four bytes of check: text sorts as the
 * integers do.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "domain/consumer.h"

enum { ID_DIGITS = 16, CHECK_DIGITS = 8 };

/* A mixer (the finaliser of splitmix64): neighbouring ids have unlike checks, so that a slip of the
 * hand is not another customer. */
static uint32_t check_of(uint64_t n)
{
    n ^= UINT64_C(0x9e3779b97f4a7c15);
    n = (n ^ n >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    n = (n ^ n >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)(n ^ n >> 31);
}

static void write_hex(char *p, uint64_t n, int digits)
{
    for (; digits-- > 0; n >>= 4)
        p[digits] = "0123456789abcdef"[n & 15];
}

static bool read_hex(const char *p, int digits, uint64_t *ret)
{
    uint64_t n = 0;
    for (int i = 0; i < digits; i++) {
        char c = p[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
        n = n << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    *ret = n;
    return true;
}

void consumer_id_text(int64_t id, char ret_text[CONSUMER_ID_BYTES])
{
    write_hex(ret_text, (uint64_t)id, ID_DIGITS);
    write_hex(ret_text + ID_DIGITS, check_of((uint64_t)id), CHECK_DIGITS);
    ret_text[CONSUMER_ID_BYTES - 1] = 0;
}

bool consumer_id_parse(str text, int64_t *ret_id)
{
    uint64_t id, check;
    if (text.len != CONSUMER_ID_BYTES - 1 || !read_hex(text.ptr, ID_DIGITS, &id) ||
        !read_hex(text.ptr + ID_DIGITS, CHECK_DIGITS, &check) || check != check_of(id) || id == 0 ||
        id > INT64_MAX)
        return false;
    *ret_id = (int64_t)id;
    return true;
}
