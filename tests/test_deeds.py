# SPDX-License-Identifier: Apache-2.0
"""Who asked what of an import, when and from where: kept with the task, shown, and forgotten with it."""
import datetime
import json
import os
import sqlite3
import time
import unittest

import harness
from test_retention import database
from test_tasks import WithServer, rows

DAY_US = 86400 * 10 ** 6


def told(task):
    return [(deed["what"], deed["by"]["type"], deed["address"]) for deed in task["deeds"]]


class Deeds(WithServer):
    def ready(self):
        number = self.made(rows(3), "?start=manual&go_on=true")
        self.wait(number, "ready")
        return number

    def test_each_request_leaves_one_with_its_token_and_address(self):
        other = harness.new_token(self.data)
        number = self.ready()
        self.ask(number, "settings", {"mode": "create_only"}, "PUT")
        self.wait(number, "ready")
        self.ask(number, "dry_run")
        self.wait(number, "ready", until=lambda t: t["dry_run"]["state"] == "done")
        with_other = harness.Client(self.server, other)
        self.addCleanup(with_other.close)
        for _ in range(3):
            self.ask(number, "start", c=with_other)  # once is done, twice is asked for again
        self.wait(number, "completed")
        self.ask(number, "revert", {"dry_run": True})
        self.wait(number, "completed", until=lambda t: t["undo_preview"])
        self.ask(number, "revert")
        task = self.wait(number, "reverted")
        self.assertEqual(told(task), [(what, "token", "127.0.0.1")
                                      for what in ("create", "settings", "dry_run", "start", "revert_dry_run", "revert")])
        who = [deed["by"]["id"] for deed in task["deeds"]]
        self.assertTrue(who[0] and who[3] and who[0] == who[1] == who[2] == who[4] == who[5] != who[3], who)
        when = [datetime.datetime.fromisoformat(deed["at"]) for deed in task["deeds"]]
        self.assertEqual(when, sorted(when))
        self.assertEqual(task["deeds"][0]["at"], task["created_at"])
        self.assertTrue(all(abs((at - when[0]).total_seconds()) < 120 for at in when))

    def test_what_is_refused_is_no_deed(self):
        number = self.ready()
        self.assertEqual(self.ask(number, "revert").status, 409)
        self.assertEqual(self.ask(number, "settings", {"mode": "sideways"}, "PUT").status, 422)
        self.ask(number, "cancel")
        self.assertEqual(told(self.get(number)), [("create", "token", "127.0.0.1"), ("cancel", "token", "127.0.0.1")])

    def test_the_command_line_comes_over_no_network_also_through_a_server(self):
        path = os.path.join(self.data, "a.csv")
        with open(path, "wb") as f:
            f.write(rows(2))
        harness.run("import", "--data", self.data, path)
        number = json.loads(harness.run("task", "list", "--data", self.data, "--json").stdout)["id"]
        self.server.stop()
        harness.run("task", "undo", "--data", self.data, number)
        task = json.loads(harness.run("task", "show", "--data", self.data, number).stdout)
        self.assertEqual(told(task), [("create", "command_line", None), ("revert", "command_line", None)])

    def test_a_resumable_upload_and_its_end(self):
        tus = {"Tus-Resumable": "1.0.0"}
        answer = self.c.request("POST", "/v4/import_uploads", headers={**tus, "Upload-Length": "100"})
        self.assertEqual(answer.status, 201, answer)
        place = answer.headers["Location"]
        self.assertEqual(self.c.request("DELETE", place, headers=tus).status, 204)
        self.assertEqual(told(self.get(place.rsplit("/", 1)[1])),
                         [("create", "token", "127.0.0.1"), ("cancel", "token", "127.0.0.1")])

    def test_the_last_hundred_are_shown(self):
        number = self.ready()
        with sqlite3.connect(database(self.data)) as db:
            db.executemany("INSERT INTO audit (at, action, origin, subject_type, subject_id, details) VALUES (?, 'import.settings', 8, "
                           "'import_tasks', ?, '{}')", [(i, number) for i in range(2, 150)])
        db.close()
        self.ask(number, "cancel")
        deeds = self.get(number)["deeds"]
        self.assertEqual((len(deeds), deeds[0]["what"], deeds[-1]["what"]), (100, "settings", "cancel"))

    def test_they_go_with_the_task(self):
        number = self.ready()
        self.ask(number, "cancel")
        kept = self.made(rows(1, "k"))
        self.wait(kept, "completed")
        self.server.stop()
        with sqlite3.connect(database(self.data)) as db:
            db.execute("UPDATE import_task SET updated_at = updated_at - ? WHERE id = ?", (1100 * DAY_US, number))
        db.close()
        with harness.Server(self.data):
            until = time.monotonic() + 30
            while True:
                with sqlite3.connect(database(self.data)) as db:
                    left = {str(row[0]) for row in db.execute("SELECT subject_id FROM audit")}
                db.close()
                if left == {kept} or time.monotonic() > until:
                    break
                time.sleep(0.05)
            self.assertEqual(left, {kept})


if __name__ == "__main__":
    unittest.main()
