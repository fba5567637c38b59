// SPDX-License-Identifier: Apache-2.0
// «400 of 80,000 rows fail»: what a manager reads, how she mends it, and how she takes it back.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { accessible, fits, page } from "./browser.mjs";
import { csv, customers, HEADER, upload, xlsx } from "./files.mjs";
import { send, task } from "./pages.mjs";
import { eventually, world } from "./world.mjs";

const MANAGER = "company_manager@example.com";
const ROWS = 80000, TAKEN = 212, WRONG = 150, SHORTENED = 38, FAILED = TAKEN + WRONG + SHORTENED;
const plain = (text) => text.replaceAll(/[\u00a0\u202f]/g, " ");

/** The same, and waits until nothing goes on with it. */
async function imported(w, name, bytes) {
    const id = await send(w, name, bytes);
    await task(w, id);
    return id;
}

/** The file as it should have been, and as it is: 400 of its rows fail, for three reasons. */
function files() {
    const good = customers(ROWS);
    const bad = good.map((row) => [...row]);
    for (let i = 0; i < TAKEN; i++) bad[1000 + i][1] = `taken${i}@example.com`;
    for (let i = 0; i < WRONG; i++) bad[20000 + i][1] = "нет адреса";
    for (let i = 0; i < SHORTENED; i++) bad[50000 + i][3] = "7,9E+10";
    return { good, bad };
}

test("400 of 80,000 rows fail", async (t) => {
    const w = await world(t);
    const { good, bad } = files();
    const owners = Array.from({ length: TAKEN }, (_, i) => [`owner-${i}`, `taken${i}@example.com`, "Хозяин", "", ""]);
    await imported(w, "owners.csv", csv([HEADER, ...owners]));
    const id = await imported(w, "clients_nov.csv", csv([HEADER, ...bad]));
    const p = await page(t, w, { user: MANAGER });

    await p.goto(`/cabinet/imports/${id}`);
    await p.getByText("Готово, но 400 строк не загружены.", { exact: false }).waitFor();
    const said = plain(await p.locator("main").innerText());
    assert.match(said, /Готово, но 400 строк не загружены\./);
    const told = /В файле 80 000 строк: ([\d ]+) добавлено, ([\d ]+) обновлено, ([\d ]+) без изменений, ([\d ]+) пропущено, ([\d ]+) не загружено\./.exec(said);
    assert.ok(told, said);
    const numbers = told.slice(1).map((text) => Number(text.replaceAll(" ", "")));
    assert.deepEqual(numbers, [79600, 0, 0, 0, FAILED]);
    assert.equal(numbers.reduce((sum, n) => sum + n), ROWS);
    assert.match(said, /Остальные 79 600 уже в базе, весь файл заново загружать не нужно\./);

    // By what to do about them, the biggest first, with examples of her own file.
    const groups = p.getByRole("heading", { level: 3 });
    assert.deepEqual((await groups.allInnerTexts()).map((text) => Number(/— (\d+)/.exec(plain(text))[1])), [TAKEN, WRONG, SHORTENED]);
    assert.match(plain(await groups.first().innerText()), /E-mail.*другому клиенту — 212 строк/i);
    assert.match(plain(await p.getByText(/строка 1.002/).first().innerText()), /taken0@example\.com/);
    await accessible(p);

    // A group has its address, and opens the rows behind it.
    await p.getByRole("link", { name: /Все такие строки.*не является адресом/ }).click();
    await p.getByRole("cell", { name: "c-20001", exact: true }).waitFor();
    assert.match(p.url(), /group=email_invalid/);
    await p.reload();
    await p.getByRole("cell", { name: "c-20001", exact: true }).waitFor();
    await p.goBack();

    // Mended in Excel, and the same file dropped again.
    const [download] = await Promise.all([p.waitForEvent("download"), p.getByRole("link", { name: /Скачать CSV|То же в CSV/ }).click()]);
    const lines = readFileSync(await download.path(), "utf8").replace("\ufeff", "").trim().split("\r\n");
    assert.equal(lines.length, FAILED + 1);
    assert.match(lines[0], /import_error/);
    const mended = lines.map((line, i) => {
        const cells = line.split(";");
        const right = i && good[Number(cells[0].slice(2)) - 1];
        return i ? [...right, ...cells.slice(5)].join(";") : line;
    });
    // Twenty stay as wrong as they were.
    for (let i = 1; i <= 20; i++) mended[i] = lines[i];
    await p.locator("input[type=file]").setInputFiles(upload("clients_nov failed rows.csv", Buffer.from("\ufeff" + mended.join("\r\n") + "\r\n")));
    await p.getByText(`Это исправленные строки импорта № ${id}`).waitFor();
    await p.getByRole("button", { name: /^Импортировать: 380 новых/ }).click();
    await p.getByText("Готово, но 20 строк не загружены.").waitFor();
    const child = p.url().match(/imports\/(\d+)/)[1];
    await p.goto(`/cabinet/imports/${id}`);
    await p.getByText("Исправлено 380 из 400.").waitFor();
    await p.getByRole("link", { name: `импорт № ${child}` }).click();
    await p.getByText(`Это исправление импорта № ${id}.`).waitFor();

    // The rest is mended on the page itself.
    await p.getByRole("link", { name: "Исправить здесь" }).click();
    await p.getByRole("heading", { name: "Исправить здесь" }).waitFor();
    const first = p.getByLabel(/^email, /).first();
    assert.equal(await first.getAttribute("aria-invalid"), "true");
    await first.fill("new1001@example.com");
    await p.reload(); // nothing that was typed is lost
    assert.equal(await p.getByLabel(/^email, /).first().inputValue(), "new1001@example.com");
    await accessible(p);
    await p.getByRole("button", { name: "Проверить 1 строку" }).click();
    await p.getByRole("button", { name: /^Импортировать: 1 новый/ }).click();
    await p.getByText("Готово: 1 строка загружена.").waitFor();

    // And all of it can be taken back, with what corrected it.
    await p.goto(`/cabinet/imports/${id}`);
    await p.getByRole("link", { name: /Вернуть как было \(до / }).click();
    await p.getByText(/79.600 клиентов исчезнут/).waitFor();
    await accessible(p);
    await p.getByLabel(/Вернуть и исправления/).check();
    await p.getByRole("button", { name: "Вернуть как было" }).click();
    await p.getByText("Возвращено, как было").first().waitFor();
    await eventually("all of it taken back", async () => (await w.api("GET", "/v4/consumers?count=true")).json.data.length === 25 && (await w.api("GET", "/v4/consumers/c-1")).status === 404);
});

test("what is under way can be left, comes back, and can be stopped", async (t) => {
    const w = await world(t);
    const rows = customers(300000);
    const p = await page(t, w, { user: MANAGER });
    const id = await send(w, "large.csv", csv([HEADER, ...rows]));
    await p.goto(`/cabinet/imports/${id}`);
    await p.getByRole("heading", { name: "Импорт идёт" }).waitFor();
    await p.reload();
    await p.getByRole("heading", { name: "Импорт идёт" }).waitFor();
    await p.getByRole("progressbar").waitFor();
    await accessible(p);
    await fits(p);
    await p.getByRole("button", { name: "Остановить" }).click();
    await p.getByRole("dialog").getByRole("button", { name: "Остановить" }).click();
    await p.getByText("Импорт остановлен").waitFor();
    const { attributes } = (await w.api("GET", `/v4/import_tasks/${id}`)).json.data;
    assert.equal(attributes.state, "cancelled");
    assert.ok(attributes.created > 0 && attributes.created < rows.length, String(attributes.created));
});

test("the history is filtered in the address", async (t) => {
    const w = await world(t);
    await imported(w, "октябрь.csv", csv([HEADER, ...customers(3)]));
    await imported(w, "ноябрь.xlsx", xlsx([HEADER, ...customers(3, { first: 10 }), ["x", "no address", "", "", ""]]));
    const p = await page(t, w, { user: MANAGER });
    await p.goto("/cabinet/imports?state=completed_with_errors");
    await p.getByRole("link", { name: "ноябрь.xlsx" }).waitFor();
    assert.equal(await p.getByRole("link", { name: "октябрь.csv" }).count(), 0);
    await p.getByRole("button", { name: "Сбросить отбор" }).click();
    await p.getByRole("link", { name: "октябрь.csv" }).waitFor();
    await p.getByLabel("Название файла").fill("ОКТ");
    await p.waitForURL(/file=/);
    await p.getByRole("link", { name: "ноябрь.xlsx" }).waitFor({ state: "detached" });
    await p.getByLabel("Название файла").fill("нет такого");
    await p.getByText("Таких импортов нет").waitFor();
});
