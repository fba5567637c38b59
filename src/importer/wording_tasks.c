/* What people read when an import cannot have done with it what they asked for.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "importer/wording.h"

static const char *const state_words[TASK_STATE_COUNT][LANGUAGE_COUNT] = {
    [TASK_UPLOADING] = {"still being uploaded", "ещё загружается на сервер"},
    [TASK_ANALYSED] = {"being looked at", "изучается"},
    [TASK_NEEDS_ANSWER] = {"waiting for an answer", "ждёт ответа на вопрос"},
    [TASK_READY] = {"ready to start", "готов к запуску"},
    [TASK_QUEUED] = {"in the queue", "стоит в очереди"},
    [TASK_PROCESSING] = {"under way", "уже идёт"},
    [TASK_COMPLETED] = {"completed", "завершён"},
    [TASK_COMPLETED_WITH_ERRORS] = {"completed, with errors", "завершён с ошибками"},
    [TASK_FAILED] = {"over: it failed", "не удался"},
    [TASK_CANCELLED] = {"cancelled", "отменён"},
    [TASK_REVERTING] = {"being undone", "возвращается назад"},
    [TASK_REVERTED] = {"undone", "возвращён назад"},
};

static const struct {
    const char *name;
    const char *cannot[LANGUAGE_COUNT], *can[LANGUAGE_COUNT];
} actions[TASK_ACTION_COUNT] = {
    [TASK_SETTINGS] = {"settings",
                       {"its settings cannot be changed", "изменить его настройки нельзя"},
                       {"change the settings", "изменить настройки"}},
    [TASK_DRY_RUN] = {"dry_run",
                      {"it cannot be tried out", "проверить его без записи нельзя"},
                      {"try it out", "проверить без записи"}},
    [TASK_START] = {"start",
                    {"it cannot be started", "запустить его нельзя"},
                    {"start it", "запустить"}},
    [TASK_CANCEL] = {"cancel",
                     {"it cannot be cancelled", "отменить его нельзя"},
                     {"cancel it", "отменить"}},
    [TASK_REVERT] = {"revert",
                     {"it cannot be undone", "вернуть всё как было нельзя"},
                     {"undo it", "вернуть всё как было"}},
};

#define TOO_OLD_EN                                                                                 \
    "The import is too old to be undone: what it changed is kept for %d days, and they are over."
#define TOO_OLD_RU                                                                                 \
    "Импорт слишком давний: прежние значения хранятся столько дней: %d, и они прошли."
static const char *const reasons[TASK_REFUSAL_COUNT][LANGUAGE_COUNT] = {
    [TASK_REFUSED_NO_DRY_RUN] = {"The import has no finished dry run, so none can be asked for by "
                                 "its fingerprint. Start a dry run first, or start without one.",
                                 "У импорта нет законченной проверки, поэтому потребовать её исход "
                                 "нельзя. Сначала запустите проверку или запускайте без неё."},
    [TASK_REFUSED_NOTHING] = {"The import changed nobody: there is nothing to undo.",
                              "Импорт никого не изменил: возвращать нечего."},
};

const char *task_action_name(enum task_action action)
{
    return actions[action].name;
}

str wording_refusal(struct arena *a, enum language language, enum task_refusal why,
                    enum task_state state, enum task_action action, unsigned possible, int days)
{
    AUTO(buf_done) struct buf b = {0};
    bool ru = language == LANGUAGE_RU, first = true;
    if (why == TASK_REFUSED_TOO_OLD)
        return arena_format(a, ru ? TOO_OLD_RU : TOO_OLD_EN, days);
    if (why != TASK_REFUSED_STATE)
        return str_of(reasons[why][language]);
    buf_format(&b, ru ? "Импорт %s (%s): %s." : "The import is %s (%s): %s.",
               state_words[state][language], task_state_name(state),
               actions[action].cannot[language]);
    for (size_t i = 0; i < TASK_ACTION_COUNT; i++) {
        if (!(possible >> i & 1))
            continue;
        buf_add(&b, !first ? STR(", ") : ru ? STR(" Можно: ") : STR(" You can "));
        buf_format(&b, "%s (%s)", actions[i].can[language], actions[i].name);
        first = false;
    }
    buf_add(&b, !first ? STR(".")
                : ru   ? STR(" Сейчас с ним ничего сделать нельзя.")
                       : STR(" Nothing can be done with it now."));
    return arena_str(a, buf_str(&b));
}

static const char *const who_words[][LANGUAGE_COUNT] = {
    [ORIGIN_NONE] = {"somebody", "кто-то"},
    [ORIGIN_TOKEN] = {"token", "токен"},
    [ORIGIN_IMPORT] = {"import", "импорт"},
    [ORIGIN_USER] = {"user", "пользователь"},
    [ORIGIN_COMMAND_LINE] = {"the command line", "командная строка"},
    [ORIGIN_INBOX] = {"the inbox", "папка приёма"},
};

str wording_kept(struct arena *a, enum language language, const struct zone *zone,
                 const struct store_kept *k)
{
    AUTO(buf_done) struct buf b = {0};
    const struct problem p = {.code = k->code, .field = k->field, .key = k->key};
    const bool ru = language == LANGUAGE_RU;
    char stamp[ZONE_STAMP_BYTES];
    buf_format(&b, "%.*s: %.*s %.*s", STR_ARG(k->external_id.len ? k->external_id : STR("-")),
               STR_ARG(k->key.len ? k->key : k->field), STR_ARG(wording_problem(a, language, &p)));
    if (k->undone.len || k->now.len)
        buf_format(&b,
                   ru ? "; импорт записал %.*s, теперь %.*s" : "; the import wrote %.*s, now %.*s",
                   STR_ARG(k->undone.len ? k->undone : STR("null")),
                   STR_ARG(k->now.len ? k->now : STR("null")));
    if (k->at_us) {
        (void)zone_stamp(zone, k->at_us, stamp);
        buf_format(&b, "; %s", who_words[origin_kind(k->origin)][language]);
        if (origin_id(k->origin))
            buf_format(&b, " %lld", (long long)origin_id(k->origin));
        buf_format(&b, ", %s", stamp);
    }
    return arena_str(a, buf_str(&b));
}
