// SPDX-License-Identifier: Apache-2.0
// Every page: nothing that axe-core calls serious, on a narrow dark screen and a wide light one, in both languages; it
// fits its screen; no error of a script; nothing from another host.
import assert from "node:assert/strict";
import test from "node:test";
import { accessible, fits, page } from "./browser.mjs";
import { open, pages, scene } from "./pages.mjs";
import { world } from "./world.mjs";

const LOOKS = [
    { language: "ru", width: 360, height: 760, theme: "dark" },
    { language: "en", width: 1440, height: 900, theme: "light" },
];
// What the shell says where there is nothing to show, and what a part of a page says that did not come.
const MISSING = /Такой страницы нет|There is no such page/;
const BROKEN = /Не получилось загрузить|Could not be loaded|Could not load/;

test("every page can be read by everybody", async (t) => {
    const full = await world(t), empty = await world(t, { company: "Пустая" });
    const made = await scene(full);
    for (const look of LOOKS)
        for (const entry of pages(made))
            await t.test(`${entry.name} at ${look.width} px, ${look.theme}, ${look.language}`, { todo: entry.todo }, async (t) => {
                const p = await page(t, entry.empty ? empty : full, { ...look, user: entry.as, expect: entry.expect });
                await open(p, entry);
                const said = await p.locator("body").innerText();
                assert.equal(MISSING.test(said), entry.name === "missing", said);
                assert.doesNotMatch(said, BROKEN);
                assert.equal(await p.locator("html").getAttribute("lang"), look.language);
                await accessible(p, entry.name);
                await fits(p, entry.name);
            });
});

test("the page of the first run", async (t) => {
    const w = await world(t, { users: false });
    for (const look of LOOKS) {
        const p = await page(t, w, { ...look, expect: ["status of 401"] });
        await p.goto("/");
        await p.waitForURL("**/cabinet/setup");
        await p.locator("h1").first().waitFor();
        await accessible(p);
        await fits(p);
    }
});
