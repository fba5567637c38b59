/* The data directory: who owns it, who is in it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/crypto.h"
#include "store/store.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct world {
    char dir[64], data[80];
};

static int build_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct err err = {0};
    crypto_init();
    if (!w)
        return -1;
    (void)snprintf(w->dir, sizeof w->dir, "/tmp/clientele-control-XXXXXX");
    if (!mkdtemp(w->dir))
        return -1;
    (void)snprintf(w->data, sizeof w->data, "%s/data", w->dir);
    const struct store_config config = {.data_dir = w->data};
    *state = w;
    return store_create(&config, &err) ? 0 : -1;
}

static int raze_world(void **state)
{
    struct world *w = *state;
    char command[128];
    (void)snprintf(command, sizeof command, "rm -r '%s'", w->dir);
    int rc = system(command);
    free(w);
    return rc;
}

static struct store *opened(const struct world *w)
{
    const struct store_config config = {.data_dir = w->data};
    struct store *s;
    struct err err = {0};
    if (!store_open(&config, &s, &err))
        fail_msg("%s", err.msg);
    return s;
}

static void a_data_directory_has_one_owner(void **state)
{
    const struct world *w = *state;
    const struct store_config config = {.data_dir = w->data}, nowhere = {.data_dir = w->dir};
    struct store *s, *other;
    struct err err = {0};
    assert_false(store_create(&config, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_false(store_open(&nowhere, &s, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    s = opened(w);
    // Another process is refused while this one has it.
    pid_t child = fork();
    if (child == 0) {
        bool ok = store_open(&config, &other, &err);
        _exit(!ok && err.code == ERR_BUSY ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    store_free(s);
    store_free(opened(w));
}

static void data_of_a_newer_program_is_not_touched(void **state)
{
    const struct world *w = *state;
    const struct store_config config = {.data_dir = w->data};
    char path[128];
    struct store *s;
    struct err err = {0};
    (void)snprintf(path, sizeof path, "%s/control.db", w->data);
    for (int round = 0; round < 2; round++) {
        sqlite3 *db;
        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db,
                                      round ? "PRAGMA user_version=1" : "PRAGMA user_version=99",
                                      NULL, NULL, NULL),
                         SQLITE_OK);
        (void)sqlite3_close(db);
        if (round)
            break;
        assert_false(store_open(&config, &s, &err));
        assert_int_equal(err.code, ERR_INVALID);
        assert_non_null(strstr(err.msg, "newer"));
    }
    store_free(opened(w));
}

static void companies_come_are_renamed_and_go(void **state)
{
    const struct world *w = *state;
    AUTO(store_free) struct store *s = opened(w);
    AUTO(arena_done) struct arena a = {0};
    struct company c, *all;
    struct store_company *company;
    size_t count;
    const struct company changed = {
        .name = STR("Магазин"), .zone = STR("Asia/Tokyo"), .put_contacts = PUT_CONTACTS_IGNORE};
    int64_t id, other;
    struct err err = {0};
    assert_true(store_company_create(s, NULL, STR("Лавка"), STR("Asia/Omsk"), &id, &err));
    assert_false(store_company_create(s, NULL, STR("Лавка"), STR("Asia/Omsk"), &other, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_false(store_company_create(s, NULL, STR("Other"), STR("Mars/Olympus"), &other, &err));
    assert_true(store_company_open(s, id, &company, &err));
    assert_true(store_company_change(s, NULL, id, COMPANY_NAME, &changed, &err));
    assert_true(store_company_by_name(s, &a, STR("Магазин"), &c, &err) && c.id == id);
    assert_false(store_company_by_name(s, &a, STR("Лавка"), &c, &err));
    assert_int_equal(store_company_info(company)->put_contacts, PUT_CONTACTS_UPDATE);
    const struct zone *before = store_company_zone(company);
    assert_true(
        store_company_change(s, NULL, id, COMPANY_ZONE | COMPANY_PUT_CONTACTS, &changed, &err));
    assert_int_equal(store_company_info(company)->put_contacts, PUT_CONTACTS_IGNORE);
    assert_int_equal(zone_offset_s(store_company_zone(company), 0), 9 * 3600);
    assert_int_equal(zone_offset_s(before, 0), 6 * 3600); // whoever holds it goes on with it
    assert_true(store_company_delete(s, NULL, id, &err));
    assert_true(store_company_list(s, &a, &all, &count, &err));
    assert_int_equal(count, 0);
    assert_false(store_company_open(s, id, &company, &err));
    // A number is never given twice: an old link must not lead into another company.
    assert_true(store_company_create(s, NULL, STR("Лавка"), STR("UTC"), &other, &err));
    assert_true(other > id);
}

static void tokens_are_found_until_they_are_revoked(void **state)
{
    const struct world *w = *state;
    AUTO(arena_done) struct arena a = {0};
    struct token t, *all;
    size_t count;
    int64_t company, id, old;
    str value;
    struct err err = {0};
    char key[TOKEN_TEXT_BYTES];
    token_make(key);
    for (int round = 0; round < 2; round++) { // the second time from the disk
        AUTO(store_free) struct store *s = opened(w);
        if (!round) {
            assert_true(store_company_create(s, NULL, STR("T"), STR("UTC"), &company, &err));
            assert_true(store_token_create(s, NULL, company, STR("till"), str_of(key),
                                           SCOPE_IMPORTS, clock_now_us() + 1000, &id, &err));
            assert_true(store_token_create(s, NULL, company, STR("kept"), STR("an-old-key"),
                                           SCOPE_ALL, 0, &old, &err));
            assert_false(store_token_create(s, NULL, company, STR("again"), STR("an-old-key"),
                                            SCOPE_ALL, 0, &old, &err));
            assert_int_equal(err.code, ERR_CONFLICT);
        }
        assert_true(store_token_find(s, str_of(key), &t, &err));
        assert_true(t.company_id == company && t.scope == SCOPE_IMPORTS && t.expires_at_us);
        assert_true(store_token_show(s, NULL, &a, t.id, &value, &err) &&
                    str_eq(value, str_of(key)));
        assert_false(store_token_find(s, STR("no-such-key"), &t, &err));
        assert_true(store_token_list(s, &a, company, &all, &count, &err));
        assert_int_equal(count, 2);
        assert_true(store_token_find(s, STR("an-old-key"), &t, &err));
        assert_int_equal(t.revoked_at_us != 0, round);
        assert_true(round || store_token_revoke(s, NULL, t.id, &err));
        assert_true(store_token_find(s, STR("an-old-key"), &t, &err) && t.revoked_at_us);
    }
}

static void users_have_one_address_each(void **state)
{
    const struct world *w = *state;
    AUTO(store_free) struct store *s = opened(w);
    AUTO(arena_done) struct arena a = {0};
    struct user u, *all;
    size_t count;
    int64_t company, id, other;
    char first[TOKEN_TEXT_BYTES], second[TOKEN_TEXT_BYTES];
    struct err err = {0};
    assert_true(store_company_create(s, NULL, STR("U"), STR("UTC"), &company, &err));
    assert_true(store_user_create(s, NULL, company, STR("Boss@example.com"), ROLE_COMPANY_ADMIN,
                                  STR("correct horse"), &id, &err));
    assert_false(store_user_create(s, NULL, company, STR("boss@EXAMPLE.com"), ROLE_MODERATOR,
                                   (str){0}, &other, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_false(store_user_set_role(s, NULL, id, ROLE_MODERATOR, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_false(store_user_set_disabled(s, NULL, id, true, &err));
    assert_false(store_user_delete(s, NULL, id, &err));
    assert_true(store_user_create(s, NULL, company, STR("invited@example.com"), ROLE_COMPANY_ADMIN,
                                  (str){0}, &other, &err));
    assert_false(store_user_set_role(s, NULL, id, ROLE_MANAGER, &err)); // who never came counts not
    assert_true(store_user_set_password(s, NULL, other, STR("battery staple"), &err));
    assert_true(store_user_set_role(s, NULL, id, ROLE_MODERATOR, &err));
    assert_true(store_user_set_disabled(s, NULL, id, true, &err));
    assert_true(store_user_by_email(s, &a, company, STR("BOSS@example.com"), &u, &err));
    assert_true(u.id == id && u.role == ROLE_MODERATOR && u.disabled);
    assert_true(store_user_reset(s, NULL, id, clock_now_us() + 1000000, first, &err));
    assert_true(store_user_reset(s, NULL, id, clock_now_us() + 1000000, second, &err));
    assert_string_not_equal(first, second);
    assert_true(store_user_list(s, &a, company, &all, &count, &err));
    assert_int_equal(count, 2);
    assert_false(store_user_set_role(s, NULL, id + 1000, ROLE_COMPANY_ADMIN, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_data_directory_has_one_owner),
        cmocka_unit_test(data_of_a_newer_program_is_not_touched),
        cmocka_unit_test(companies_come_are_renamed_and_go),
        cmocka_unit_test(tokens_are_found_until_they_are_revoked),
        cmocka_unit_test(users_have_one_address_each),
    };
    return cmocka_run_group_tests(tests, build_world, raze_world);
}
