/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include <string.h>

static bool take_option(const struct option_spec *spec, size_t count, int argc, char **argv, int *i,
                        struct option_value *value, struct err *err)
{
    const char *name = argv[*i] + 2, *equals = strchr(name, '=');
    size_t len = equals ? (size_t)(equals - name) : strlen(name), at = 0;
    while (at < count && !(strlen(spec[at].name) == len && memcmp(spec[at].name, name, len) == 0))
        at++;
    if (at == count)
        return err_set(err, ERR_INVALID, "there is no option --%.*s", (int)(len > 60 ? 60 : len),
                       name);
    if (!spec[at].takes_value && equals)
        return err_set(err, ERR_INVALID, "--%s takes no value", spec[at].name);
    const char *text = equals ? equals + 1 : "";
    if (spec[at].takes_value && !equals) {
        if (*i + 1 >= argc)
            return err_set(err, ERR_INVALID, "--%s needs a value", spec[at].name);
        text = argv[++*i];
    }
    if (value[at].count == OPTION_REPEATS)
        return err_set(err, ERR_INVALID, "--%s is given more than %d times", spec[at].name,
                       OPTION_REPEATS);
    value[at].value[value[at].count++] = text;
    return true;
}

bool options_read(const struct option_spec *spec, size_t count, int argc, char **argv,
                  struct option_value *value, const char **ret_word, size_t max_words,
                  size_t *ret_words, struct err *err)
{
    bool options = true;
    *ret_words = 0;
    for (int i = 1; i < argc; i++) {
        if (options && strcmp(argv[i], "--") == 0) {
            options = false;
        } else if (options && strncmp(argv[i], "--", 2) == 0) {
            if (!take_option(spec, count, argc, argv, &i, value, err))
                return false;
        } else if (options && argv[i][0] == '-' && argv[i][1]) {
            return err_set(err, ERR_INVALID, "there is no option %.60s; options begin with --",
                           argv[i]);
        } else if (*ret_words == max_words) {
            return err_set(err, ERR_INVALID, "'%.60s' is one word too many", argv[i]);
        } else {
            ret_word[(*ret_words)++] = argv[i];
        }
    }
    return true;
}
