// SPDX-License-Identifier: Apache-2.0
// usage: node tests/web/screenshots.mjs FOLDER [NAME...]
// A picture of every page (or of those whose names begin so), in both themes and languages, at 360 and 1440 px.
import { mkdirSync } from "node:fs";
import test from "node:test";
import { fits, page } from "./browser.mjs";
import { open, pages, scene } from "./pages.mjs";
import { world } from "./world.mjs";

const [folder = "screenshots", ...names] = process.argv.slice(2);
const expect = [""]; // pictures are made even of what goes wrong

test("pictures", async (t) => {
    mkdirSync(folder, { recursive: true });
    const full = await world(t), empty = await world(t, { company: "Пустая" });
    const made = await scene(full);
    const wanted = pages(made).filter(
        ({ name }) => !names.length || names.some((n) => name.startsWith(n)),
    );
    for (const language of ["ru", "en"])
        for (const theme of ["light", "dark"])
            for (const [width, height] of [[360, 760], [1440, 900]])
                for (const entry of wanted) {
                    const at = entry.empty ? empty : full;
                    const p = await page(t, at, { language, theme, width, height, user: entry.as, expect });
                    try {
                        await open(p, entry);
                        await fits(p, entry.name);
                    } catch (error) {
                        console.error(`${entry.name} (${language}, ${theme}, ${width}): ${error.message.split("\n")[0]}`);
                    }
                    await p.screenshot({ path: `${folder}/${entry.name}.${language}.${theme}.${width}.png`, fullPage: true });
                    await p.context().close();
                }
});
