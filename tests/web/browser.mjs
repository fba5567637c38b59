// SPDX-License-Identifier: Apache-2.0
// Debian's Chromium and what each page is held to: no error of a script, nothing that the Content-Security-Policy had to
// stop, nothing loaded from another host, and no serious finding of axe-core.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after } from "node:test";
import { chromium } from "playwright-core";
import { PASSWORD } from "./world.mjs";

export const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const FLAGS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

let started;
function browser() {
    started ??= chromium.launch({ executablePath: CHROMIUM, headless: true, chromiumSandbox: false, args: FLAGS });
    return started;
}
after(async () => started && (await started).close());

/**
 * A page of a browser profile of its own, in Russian on a wide light screen unless stated.  At the end of the test what
 * went wrong in it fails the test; `expect` are what may: words of console messages, such as of a request that is refused.
 */
export async function page(t, world, { language = "ru", width = 1440, height = 900, theme = "light", user, expect = [] } = {}) {
    const context = await (await browser()).newContext({
        baseURL: world.base,
        locale: language === "ru" ? "ru-RU" : "en-GB",
        timezoneId: "Europe/Moscow",
        viewport: { width, height },
        colorScheme: theme,
        reducedMotion: "reduce",
        acceptDownloads: true,
    });
    context.setDefaultTimeout(20000);
    // The cabinet begins in Russian whatever the browser speaks; a person's choice is kept there.
    await context.addInitScript((chosen) => localStorage.setItem("language", localStorage.getItem("language") ?? chosen), language);
    const made = await context.newPage();
    const wrong = [];
    made.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
    made.on("console", (message) => {
        if (message.type() === "error" || /Content Security Policy/.test(message.text())) wrong.push(`console: ${message.text()}`);
    });
    made.on("request", (request) => {
        const { protocol, host } = new URL(request.url());
        if (/^(https?|wss?):$/.test(protocol) && host !== new URL(world.base).host) wrong.push(`asked another host: ${request.url()}`);
    });
    t.after(async () => {
        await context.close();
        const left = wrong.filter((text) => !expect.some((word) => text.includes(word)));
        assert.deepEqual(left, [], "what went wrong in the page");
    });
    if (user) await signIn(made, world, user);
    return made;
}

/** Gives the page the session of a person, without going through the login page. */
export async function signIn(page, world, email, password = PASSWORD) {
    const answer = await page.context().request.post(`${world.base}/cabinet/api/session`, {
        headers: { "X-CSRF-Token": "1", "Content-Type": "application/vnd.api+json" },
        data: JSON.stringify({ data: { type: "sessions", attributes: { email, password } } }),
    });
    assert.equal(answer.status(), 201, await answer.text());
    return answer.json();
}

/** Nothing that axe-core calls serious or critical is on the page as it is now. */
export async function accessible(page, what = page.url()) {
    // The page's own policy forbids foreign scripts in the document; evaluate() does not go through it.
    await page.evaluate(AXE);
    const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
    const serious = found.violations
        .filter((v) => v.impact === "serious" || v.impact === "critical")
        .map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => `${n.target.join(" ")} (${n.failureSummary})`).join("; ")}`);
    assert.deepEqual(serious, [], `axe-core on ${what}`);
}

/** The page does not scroll sideways: all of it fits the width of the screen. */
export async function fits(page, what = page.url()) {
    const [needs, has] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    assert.ok(needs <= has, `${what} is ${needs} px wide on a screen of ${has}`);
}
