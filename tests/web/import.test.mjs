// SPDX-License-Identifier: Apache-2.0
// From a dropped file to the button: what a person sees and does on the way.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { join } from "node:path";
import test from "node:test";
import { accessible, fits, page } from "./browser.mjs";
import { csv, csv1251, customers, HEADER, upload, xlsx } from "./files.mjs";
import { eventually, world } from "./world.mjs";

const USER = "company_manager@example.com";
const PLACE = "/cabinet/settings/import/consumers";
const CITY = { more: () => ["Омск"] };
const table = (count, options = CITY) => [[...HEADER, "Город"], ...customers(count, options)];

async function choose(p, name, bytes) {
    await p.locator("input[type=file]").setInputFiles(upload(name, bytes));
    await p.waitForURL(/imports\/\d+/);
}
const importButton = (p) => p.getByRole("button", { name: /^Импортировать: / });
const taskOf = async (w, p) => (await w.api("GET", `/v4/import_tasks/${p.url().match(/imports\/(\d+)/)[1]}`)).json.data.attributes;

test("a good file needs three actions: drop, glance, press", async (t) => {
    const w = await world(t);
    const p = await page(t, w, { user: USER });
    await p.goto(PLACE);
    await accessible(p);
    await choose(p, "clients.csv", csv(table(1240))); // 1: the file
    await importButton(p).waitFor(); // 2: a glance
    assert.equal((await importButton(p).innerText()).replaceAll(/\s/g, " "), "Импортировать: 1 240 новых");
    await p.getByText(/Файл прочитан как: CSV, разделитель — точка с запятой, кодировка UTF-8, 6 колонок/).waitFor();
    await accessible(p);
    await importButton(p).click(); // 3: the button
    await eventually("customers", async () => (await taskOf(w, p)).state === "completed");
    assert.equal((await taskOf(w, p)).created, 1240);
    await p.close();
});

test("a CSV of a Russian Excel: the encoding is shown, confirmed, mended, and each count opens its rows", async (t) => {
    const w = await world(t);
    await w.import("before.csv", csv(table(20)));
    const p = await page(t, w, { user: USER });
    const rows = table(30, { more: (n) => [n % 2 ? "Тверь" : "Омск"] });
    rows[3][1] = "anna@mail,ru";
    rows[0][0] = "ИД клиента";
    await p.goto(PLACE);
    await choose(p, "клиенты.csv", csv1251(rows));
    await p.getByRole("heading", { name: "Нужен ваш ответ" }).waitFor();
    assert.ok(await p.getByRole("radio", { name: "windows-1251" }).isChecked());
    await p.getByRole("cell", { name: "Город" }).waitFor();
    await accessible(p);
    await p.reload();
    await p.getByRole("button", { name: "Это правильный вариант" }).click();
    // The key is not recognised: the columns are asked about, and the table answers.
    await p.getByRole("combobox", { name: "Станет: ИД клиента" }).selectOption("external_id");
    await p.getByRole("link", { name: /новые/ }).waitFor();
    await p.getByText("1 строка с ошибками не загрузится").waitFor();
    await p.getByRole("link", { name: /с ошибками/ }).first().click();
    await p.getByRole("table", { name: "С ошибками" }).getByText("anna@mail,ru").waitFor();
    await p.getByRole("button", { name: "Исправить: email" }).click();
    await p.getByText("Исправляется", { exact: true }).waitFor();
    await importButton(p).waitFor();
    await p.getByRole("link", { name: /обновлены/ }).click();
    const changed = p.getByRole("table", { name: "Кто и как обновится" });
    await changed.getByText("Тверь").first().waitFor();
    await changed.getByText("Омск").first().waitFor();
    await accessible(p);
    await p.reload();
    await changed.getByText("Тверь").first().waitFor();
    await p.getByLabel("external_id начинается с").fill("c-1");
    await p.getByRole("button", { name: "Показать строки" }).click();
    await p.waitForURL(/find=c-1/);
    await p.goBack();
    await importButton(p).click();
    await eventually("the end", async () => (await taskOf(w, p)).state === "completed");
    const done = await taskOf(w, p);
    assert.deepEqual([done.created, done.failed], [10, 0]);
    await p.close();
});

test("a workbook with several sheets, rules, a reload in each state, 360 px in the dark", async (t) => {
    const w = await world(t);
    const p = await page(t, w, { user: USER, width: 360, height: 740, theme: "dark" });
    await p.goto(PLACE);
    await fits(p);
    await choose(p, "книга.xlsx", xlsx({ Пусто: [], Клиенты: table(40), Прочее: table(3, { first: 900, ...CITY }) }));
    await p.getByRole("button", { name: "Загрузить лист «Клиенты»" }).waitFor();
    await fits(p);
    await accessible(p);
    await p.reload();
    await p.getByRole("button", { name: "Загрузить лист «Клиенты»" }).click();
    await importButton(p).waitFor();
    await fits(p);
    await accessible(p);
    await p.reload();
    await importButton(p).waitFor();
    await p.getByRole("link", { name: "Изменить: Правила" }).click();
    await p.getByLabel("Кого загружать").selectOption("update_only");
    // Nobody is there yet: all of them are skipped, and the button does not offer what would change nothing.
    await p.getByRole("button", { name: "Импортировать: изменений не будет" }).waitFor();
    await p.getByRole("link", { name: /пропущены/ }).click();
    await p.getByText("такого клиента нет, а обновляются только имеющиеся").first().waitFor();
    await fits(p);
    await accessible(p);
    await p.getByLabel("Кого загружать").selectOption("both");
    await importButton(p).click();
    await eventually("the end", async () => (await taskOf(w, p)).state === "completed");
    await p.close();
});

test("what somebody changed after the check is shown, and asked about again", async (t) => {
    const w = await world(t);
    const p = await page(t, w, { user: USER });
    await p.goto(PLACE);
    await choose(p, "clients.csv", csv(table(3)));
    await importButton(p).waitFor();
    await w.api("PUT", "/v4/consumers/c-1", { data: { type: "consumers", attributes: { name: "Другая" } } });
    await importButton(p).click();
    await p.getByText("Клиенты изменились после проверки").waitFor();
    await p.getByText(/было «новый», стало «обновится»/).waitFor();
    await importButton(p).click();
    await eventually("the end", async () => (await taskOf(w, p)).state === "completed");
    await p.close();
});

/** A way to the server that can be cut; bytes pass slowly, so that there is something to cut. */
async function bridge(t, w) {
    const state = { cut: false, sockets: new Set(), passed: 0, offsets: [], slow: true };
    const server = createServer((ask, answer) => {
        if (state.cut) return ask.socket.destroy();
        if (ask.method === "PATCH") state.offsets.push(Number(ask.headers["upload-offset"]));
        const to = request(`${w.base}${ask.url}`, { method: ask.method, headers: { ...ask.headers, host: new URL(w.base).host, origin: w.base } }, (got) => {
            answer.writeHead(got.statusCode, got.headers);
            got.pipe(answer);
        });
        to.on("error", () => ask.socket.destroy());
        answer.on("close", () => to.destroy());
        ask.on("data", (piece) => {
            state.passed += piece.length;
            to.write(piece);
            if (state.slow && ask.method === "PATCH") {
                ask.pause();
                setTimeout(() => ask.resume(), 20);
            }
        });
        ask.on("end", () => to.end());
    });
    server.on("connection", (socket) => {
        state.sockets.add(socket);
        socket.on("close", () => state.sockets.delete(socket));
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    t.after(() => (server.closeAllConnections(), server.close()));
    state.base = `http://127.0.0.1:${server.address().port}`;
    state.break = () => {
        state.cut = true;
        for (const socket of state.sockets) socket.destroy();
    };
    return state;
}

test("a broken connection and a reload do not lose what has come", async (t) => {
    const w = await world(t);
    const way = await bridge(t, w);
    const lost = ["ERR_", "Failed to load resource"];
    const p = await page(t, { base: way.base }, { user: USER, expect: lost });
    const bytes = csv(table(200000, { more: (n) => [`Город ${n} ${"я".repeat(40)}`] }));
    // A file of the disk: it is known again by its name, size and time.
    const file = join(w.folder, "big.csv");
    writeFileSync(file, bytes);
    await p.goto(PLACE);
    await p.locator("input[type=file]").setInputFiles(file);
    await p.waitForURL(/imports\/\d+/);
    const sent = () => p.getByRole("progressbar", { name: "Файл загружается" });
    await sent().waitFor();
    await eventually("some of it", () => way.passed > 3e6);
    way.break();
    await p.getByText("Связь прервалась").waitFor();
    way.cut = false;
    const before = way.passed;
    await p.getByText("Связь прервалась").waitFor({ state: "detached" });
    await eventually("more of it", () => way.passed > before + 2e6);
    // A reload stops it; the same file goes on.
    p.on("dialog", (dialog) => dialog.accept());
    await p.reload();
    await p.getByText(/На сервере уже \d+/).waitFor();
    await accessible(p);
    await p.goto(PLACE);
    await p.getByText("Загрузка «big.csv» прервалась").waitFor();
    way.slow = false;
    const begun = way.offsets.length;
    await p.locator("input[type=file]").setInputFiles(file);
    await p.waitForURL(/imports\/\d+/);
    await importButton(p).waitFor({ timeout: 60000 });
    assert.ok(begun >= 2 && way.offsets[1] >= 2e6, `after the break it went on at ${way.offsets}`);
    assert.ok(way.offsets[begun] > way.offsets[1], `after the reload it went on at ${way.offsets}`);
    assert.equal((await taskOf(w, p)).dry_run.result.created, 200000);
    assert.equal((await w.api("GET", "/v4/import_tasks")).json.data.length, 1, "one import, not several");
    await p.close();
});

test("the rows behind a count go on page by page", async (t) => {
    const w = await world(t);
    const p = await page(t, w, { user: USER });
    let asked = 0;
    p.on("request", (request) => request.url().includes("/outcomes?") && asked++);
    await p.goto(PLACE);
    await choose(p, "clients.csv", csv(table(120)));
    await importButton(p).waitFor();
    await p.getByRole("link", { name: /новые/ }).first().click();
    const rows = p.getByRole("table", { name: "Новые клиенты" }).locator("tbody tr");
    await eventually("all rows", async () => {
        await p.mouse.wheel(0, 20000);
        return (await rows.count()) === 120;
    }, 10000);
    assert.equal(asked, 3, "each page once");
    await p.close();
});

test("an import is cancelled before it starts; who may only read may not begin one", async (t) => {
    const w = await world(t);
    const p = await page(t, w, { user: USER });
    await p.goto(PLACE);
    await choose(p, "clients.csv", csv(table(3)));
    await importButton(p).waitFor();
    const address = p.url();
    await p.getByRole("button", { name: "Отменить импорт" }).click();
    await p.getByRole("dialog").getByRole("button", { name: "Отменить импорт" }).click();
    await p.waitForURL(/settings\/import\/consumers/);
    assert.equal((await w.api("GET", `/v4/import_tasks/${address.match(/\d+$/)[0]}`)).json.data.attributes.state, "cancelled");
    const reader = await page(t, w, { user: "company_moderator@example.com" });
    await reader.goto(PLACE);
    await reader.getByText("Загружать файлы может менеджер компании").waitFor();
    assert.equal(await reader.locator("input[type=file]").count(), 0);
    await p.close();
    await reader.close();
});

for (const language of ["ru", "en"])
    test(`the help page has this server's address, in ${language}`, async (t) => {
        const w = await world(t);
        const p = await page(t, w, { user: USER, width: 360, theme: "dark" });
        await p.addInitScript((to) => localStorage.setItem("language", to), language);
        await p.goto("/cabinet/help/import");
        await p.getByRole("heading", { name: language === "ru" ? "Импорт клиентов" : "Import of customers" }).waitFor();
        assert.ok((await p.locator("pre").allInnerTexts()).some((text) => text.includes(`${w.base}/v4/consumers`)));
        await accessible(p);
        await fits(p);
    });
