// SPDX-License-Identifier: Apache-2.0
// The description of the API, as a person reads it.
import assert from "node:assert/strict";
import test from "node:test";
import { accessible, fits, page } from "./browser.mjs";
import { world } from "./world.mjs";

for (const language of ["ru", "en"])
    test(`/docs in ${language} is readable by everybody, on a telephone too`, async (t) => {
        const w = await world(t);
        for (const [width, theme] of [[360, "dark"], [1440, "light"]]) {
            const p = await page(t, w, { language, width, theme });
            await p.goto("/docs");
            assert.equal(await p.locator("html").getAttribute("lang"), language);
            await accessible(p);
            await fits(p);
        }
    });
