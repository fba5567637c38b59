# SPDX-License-Identifier: Apache-2.0
"""What an undo gives back and what it leaves, one case for each promise."""
import json
import time
import unittest

from harness import consumer
from world import World

HEADER = "external_id;email;name;phone;created_at;Город;attributes.unsubscribed\n"


class Undo(unittest.TestCase):
    def setUp(self):
        self.world = World(0)
        self.addCleanup(self.world.close)
        self.client = self.world.clients[0]

    # --- steps ---

    def imported(self, *rows, **settings):
        query = "&".join(f"{k}={v}" for k, v in settings.items())
        answer = self.client.post(f"/v4/import_tasks?{query}", HEADER + "\n".join(rows) + "\n", content_type="text/csv")
        self.assertEqual(answer.status, 202, answer)
        task = int(answer.json["data"]["id"])
        self.world.wait(task, "completed")
        return task

    def put(self, key, **attributes):
        answer = self.client.put(f"/v4/consumers/{key}", consumer(**attributes))
        self.assertIn(answer.status, (200, 201), answer)
        return answer.json["data"]

    def undone(self, task):
        """Undoes; the preview has said the same before."""
        code, text = self.world.undo(task, "--dry-run")
        self.assertEqual(code, 0, text)
        preview = json.loads(text)
        code, text = self.world.undo(task)
        self.assertEqual(code, 0, text)
        undo = self.client.get(f"/v4/import_tasks/{task}").json["data"]["attributes"]["undo"]
        for name in ("removed", "restored", "partly", "kept", "gone"):
            self.assertEqual(preview[name], undo[name], name)
        return preview

    def seen(self, key):
        answer = self.client.get(f"/v4/consumers/{key}")
        return answer.json["data"]["attributes"] if answer.status == 200 else None

    def everyone(self):
        return [{k: v for k, v in c["attributes"].items() if k != "updated_at"} | {"id": c["id"]}
                for c in self.client.get("/v4/consumers").json["data"]]

    def kept(self, task):
        names = ("external_id", "code", "field", "undone", "now", "origin", "at")
        return [dict(zip(names, row)) for row in self.world.rows(
            f"SELECT {', '.join(names)} FROM undo_kept WHERE task_id = ? ORDER BY external_id, field", task)]

    # --- promises ---

    def test_a_two_imports_undone_in_either_order_leave_the_state_before_both(self):
        self.put("1", email="1@example.com", name="Было", custom_attributes={"Город": "Омск"})
        before = self.everyone()
        for order in ((0, 1), (1, 0)):
            first = self.imported("1;2@example.com;А;;;Уфа;", "2;1@example.com;Б;;;;")
            second = self.imported("1;;В;;;;", "2;2b@example.com;Г;;;Омск;", "3;;Д;;;;")
            for n in order:
                self.undone((first, second)[n])
            self.assertEqual(self.everyone(), before)

    def test_a_undoing_the_second_never_revives_what_undoing_the_first_took_back(self):
        self.put("1", name="Было")
        first = self.imported("1;;Первый;;;;")
        second = self.imported("1;;Второй;;;;")
        self.undone(first)
        self.assertEqual(self.seen("1")["name"], "Второй")
        self.undone(second)
        self.assertEqual(self.seen("1")["name"], "Было")

    def test_a_e_mails_that_went_round_in_a_ring_go_back(self):
        for key in "123":
            self.put(key, email=f"{key}@example.com")
        before = self.everyone()
        task = self.imported("1;[clear];;;;;", "2;1@example.com;;;;;", "3;2@example.com;;;;;", "1;3@example.com;;;;;")
        self.undone(task)
        self.assertEqual(self.everyone(), before)

    def test_b_a_field_that_someone_changed_since_stays_and_is_listed_with_who_when_and_both_values(self):
        self.put("1", name="Было", phone="79990000001")
        task = self.imported("1;;Импорт;79990000002;;;")
        began = time.time()
        self.put("1", name="Менеджер")
        ended = time.time()
        self.undone(task)
        self.assertEqual((self.seen("1")["name"], self.seen("1")["phone"]), ("Менеджер", "79990000001"))
        [kept] = self.kept(task)
        self.assertTrue(began - 1 <= kept.pop("at") / 1e6 <= ended + 1)
        self.assertEqual(kept, {"external_id": "1", "code": "changed_since", "field": "name", "undone": '"Импорт"',
                                "now": '"Менеджер"', "origin": 1 * 8 + 1})

    def test_c_a_created_customer_touched_since_stays_whole(self):
        task = self.imported("1;1@example.com;А;;;Омск;", "2;;Б;;;;")
        self.put("1", phone="79990000001")
        whole = self.seen("1")
        self.undone(task)
        self.assertEqual(self.seen("1"), whole)
        self.assertIsNone(self.seen("2"))
        self.assertEqual([(k["external_id"], k["code"]) for k in self.kept(task)], [("1", "touched_since")])

    def test_d_a_deleted_customer_never_comes_back(self):
        self.put("1", name="Было")
        task = self.imported("1;;А;;;;", "2;;Б;;;;")
        for key in "12":
            self.assertEqual(self.client.request("DELETE", f"/v4/consumers/{key}").status, 204)
        self.undone(task)
        self.assertEqual(self.everyone(), [])
        self.assertEqual([k["code"] for k in self.kept(task)], ["deleted_since"])

    def test_e_an_old_e_mail_now_owned_by_another_is_left_out_and_listed(self):
        self.put("1", email="old@example.com", name="Было")
        task = self.imported("1;new@example.com;А;;;;")
        self.put("2", email="old@example.com")
        self.undone(task)
        self.assertEqual((self.seen("1")["email"], self.seen("1")["name"]), ("new@example.com", "Было"))
        self.assertEqual([(k["external_id"], k["code"], k["field"]) for k in self.kept(task)], [("1", "email_left_out", "email")])

    def test_f_an_undo_moves_updated_at_on_and_never_turns_an_opt_out_off(self):
        self.put("1", name="Было")
        task = self.imported("1;;А;;;;true")
        changed_at = self.seen("1")["updated_at"]
        self.undone(task)
        now = self.seen("1")
        self.assertEqual((now["name"], now["unsubscribed"]), ("Было", True))
        self.assertGreater(now["updated_at"], changed_at)
        self.assertEqual([k["code"] for k in self.kept(task)], ["opt_out_kept"])

    def test_g_a_later_write_of_the_same_value_leaves_no_trace_and_the_preview_says_so(self):
        self.put("1", name="Было")
        task = self.imported("1;;Импорт;;;;")
        self.put("1", name="Импорт")
        self.assertIn("left no trace", self.undone(task)["note"])
        self.assertEqual(self.seen("1")["name"], "Было")
        self.assertEqual(self.kept(task), [])

    def test_the_same_file_can_be_imported_again_after_its_undo(self):
        self.put("1", name="Было")
        rows = ("1;1@example.com;А;;;Омск;", "2;;Б;;;;")
        first = self.imported(*rows)
        after = [{**c, "id": 0, "created_at": 0} for c in self.everyone()]
        self.undone(first)
        second = self.imported(*rows)
        got = self.client.get(f"/v4/import_tasks/{second}").json["data"]["attributes"]
        self.assertEqual((got["created"], got["updated"]), (1, 1))
        self.assertEqual([{**c, "id": 0, "created_at": 0} for c in self.everyone()], after)


class AllOrNothing(unittest.TestCase):
    ROWS = 4000

    def start(self, world, rows):
        return int(world.clients[0].post("/v4/import_tasks?all_or_nothing=true", HEADER + "".join(rows),
                                         content_type="text/csv").json["data"]["id"])

    def test_nothing_starts_when_a_row_fails_the_check(self):
        world = World(0)
        self.addCleanup(world.close)
        task = self.start(world, ["1;;А;;;;\n", "2;no address;Б;;;;\n"])
        self.assertEqual(world.wait(task, "completed", "completed_with_errors", "failed"), "failed")
        self.assertEqual(world.rows("SELECT count(*) FROM consumer"), [(0,)])
        self.assertIn("all_or_nothing", world.rows("SELECT failure FROM import_task WHERE id = ?", task)[0][0])

    def test_a_failure_while_it_is_applied_is_undone(self):
        world = World(5)
        self.addCleanup(world.close)
        world.clients[0].put("/v4/consumers/7", consumer(name="Было"))
        task = self.start(world, [f"{i};{i}@example.com;Клиент {i};;;;\n" for i in range(self.ROWS)])
        until = time.monotonic() + 20
        while not world.rows("SELECT records FROM import_task WHERE id = ?", task)[0][0] and time.monotonic() < until:
            time.sleep(0.001)
        answer = world.clients[1].post("/v4/consumers", consumer(external_id="taker", email=f"{self.ROWS - 1}@example.com"))
        self.assertEqual(answer.status, 201, "the import was over before anybody could write")
        self.assertEqual(world.wait(task, "completed", "completed_with_errors", "failed"), "failed")
        self.assertEqual(world.rows("SELECT external_id, name FROM consumer ORDER BY 1"), [("7", "Было"), ("taker", None)])
        attributes = world.clients[0].get(f"/v4/import_tasks/{task}").json["data"]["attributes"]
        self.assertEqual(attributes["failure"]["code"], "all_or_nothing")
        self.assertIsNone(attributes["undo_until"])


if __name__ == "__main__":
    unittest.main()
