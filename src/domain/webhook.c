/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/webhook.h"

#include "base/buf.h"
#include "base/crypto.h"

enum { SECRET_RANDOM_BYTES = 32, PAUSE_MOST_MS = 6 * 3600 * 1000, PAUSE_TIMES = 3 };
#define SECRET_PREFIX "whsec_"
static_assert(sizeof SECRET_PREFIX - 1 + (SECRET_RANDOM_BYTES + 2) / 3 * 4 + 1 ==
                  WEBHOOK_SECRET_BYTES,
              "a secret has its room");

static const char *const names[EVENT_KIND_COUNT] = {
    [EVENT_NONE] = "none",
    [EVENT_CONSUMER_CREATED] = "consumer.created",
    [EVENT_CONSUMER_UPDATED] = "consumer.updated",
    [EVENT_CONSUMER_DELETED] = "consumer.deleted",
    [EVENT_IMPORT_COMPLETED] = "import_task.completed",
    [EVENT_IMPORT_FAILED] = "import_task.failed",
    [EVENT_IMPORT_REVERTED] = "import_task.reverted",
    [EVENT_TEST] = "webhook.test",
    [EVENT_RECORDS] = "import_task.records",
};

const char *event_name(enum event_kind kind)
{
    return kind < EVENT_KIND_COUNT ? names[kind] : "unknown";
}

static unsigned bits_of_word(str word)
{
    unsigned bits = 0;
    bool all = str_eq(word, STR("all")) || str_eq(word, STR("*"));
    bool family = word.len > 2 && str_ends(word, STR(".*"));
    for (enum event_kind kind = 0; kind < EVENT_KIND_COUNT; kind++) {
        str name = str_of(names[kind]);
        if (all || str_eq(word, name) ||
            (family && str_starts(name, str_first(word, word.len - 1))))
            bits |= EVENT_BIT(kind) & EVENTS_ALL;
    }
    return bits;
}

bool event_bits_of(str text, unsigned *ret_bits, struct err *err)
{
    unsigned bits = 0;
    do {
        str word = str_trim(str_split(&text, ','));
        unsigned found = bits_of_word(word);
        if (!found)
            return err_set(err, ERR_INVALID,
                           "there is no event '%.*s'; use consumer.created, consumer.updated, "
                           "consumer.deleted, import_task.completed, import_task.failed, "
                           "import_task.reverted or all",
                           STR_ARG(str_shown(word, 40)));
        bits |= found;
    } while (!str_is_null(text));
    *ret_bits = bits;
    return true;
}

str event_bits_text(struct arena *a, unsigned bits)
{
    AUTO(buf_done) struct buf b = {0};
    for (enum event_kind kind = 0; kind < EVENT_KIND_COUNT; kind++)
        if (bits & EVENTS_ALL & EVENT_BIT(kind))
            buf_format(&b, "%s%s", b.len ? "," : "", names[kind]);
    return arena_str(a, buf_str(&b));
}

void webhook_secret_make(char ret_secret[WEBHOOK_SECRET_BYTES])
{
    AUTO(arena_done) struct arena a = {0};
    unsigned char random[SECRET_RANDOM_BYTES];
    crypto_random(random, sizeof random);
    str text = arena_format(&a, SECRET_PREFIX "%.*s",
                            STR_ARG(crypto_base64_text(&a, random, sizeof random)));
    memcpy(ret_secret, text.ptr, WEBHOOK_SECRET_BYTES);
}

str webhook_sign(struct arena *a, str secret, str id, int64_t at_s, str body)
{
    unsigned char digest[SHA256_BYTES];
    AUTO(buf_done) struct buf signed_text = {0};
    str key;
    bool ok = str_starts(secret, STR(SECRET_PREFIX)) &&
              crypto_base64(a, str_from(secret, sizeof SECRET_PREFIX - 1), &key);
    assert(ok);
    buf_format(&signed_text, "%.*s.%lld.", STR_ARG(id), (long long)at_s);
    buf_add(&signed_text, body);
    crypto_hmac_sha256(key, buf_str(&signed_text), digest);
    return arena_format(a, "v1,%.*s", STR_ARG(crypto_base64_text(a, digest, sizeof digest)));
}

int64_t webhook_pause_ms(unsigned attempts, int64_t base_ms, uint64_t random)
{
    int64_t pause = base_ms;
    while (--attempts && pause < PAUSE_MOST_MS)
        pause *= PAUSE_TIMES;
    pause = MIN(pause, (int64_t)PAUSE_MOST_MS);
    return pause * (int64_t)(80 + random % 41) / 100;
}
