// SPDX-License-Identifier: Apache-2.0
// The customers' pages as a manager works with them: the list, one customer, exports.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { gunzipSync } from "node:zlib";
import { accessible, fits, page } from "./browser.mjs";
import { csv, customers, HEADER } from "./files.mjs";
import { eventually, world } from "./world.mjs";

const MANAGER = "company_manager@example.com";
const MODERATOR = "company_moderator@example.com";
const REFUSED = ["the server responded with a status of 4"];

const grid = (p) => p.getByRole("grid", { name: "Клиенты" });
const said = (p) => p.getByRole("status").filter({ hasText: /клиент|Не меньше/ }).first();
const value = (p, name) => p.getByRole("definition").nth(0).page().getByLabel(name, { exact: true });

async function create(w, attributes) {
    const made = await w.api("POST", "/v4/consumers", { data: { type: "consumers", attributes } });
    assert.equal(made.status, 201, JSON.stringify(made.json));
    return made.json.data.id;
}
async function attributesOf(w, id) {
    return (await w.api("GET", `/v4/consumers/${id}`)).json.data.attributes;
}
/** The texts of the rows in sight. */
async function rows(p) {
    await eventually("rows that are here", async () => (await grid(p).locator("[aria-busy]").count()) === 0);
    return grid(p).getByRole("row").allInnerTexts();
}

test("the list: nobody yet, filter, order, columns, keys, back to the same place", async (t) => {
    const w = await world(t);
    const p = await page(t, w, { user: MANAGER, expect: REFUSED });

    await p.goto("/cabinet/consumers");
    await p.getByText("Клиентов пока нет").waitFor();
    assert.match(await p.getByRole("link", { name: "Импортировать файл" }).last().getAttribute("href"), /settings\/import\/consumers$/);
    await accessible(p);

    const cities = ["Омск", "Казань", "Тверь"];
    await w.import("clients.csv", csv([[...HEADER, "город", "ltv"], ...customers(5000, { more: (n) => [cities[n % 3], n] })]));
    await p.reload();
    await p.getByText("5 000 клиентов").waitFor();
    await accessible(p);

    // A condition, made by a person; the address has it.
    await p.getByRole("button", { name: "Условие", exact: true }).click();
    await p.getByLabel("Поле").selectOption({ label: "город" });
    await p.getByLabel("Значение", { exact: true }).fill("Омск");
    await accessible(p);
    await p.getByRole("button", { name: "Применить" }).click();
    await p.getByText("Найдено 1 666 клиентов из 5 000").waitFor();
    assert.equal(new URL(p.url()).searchParams.get("filter"), "custom_attributes.город:eq:Омск");

    // One more, on a date, in the company's zone (UTC+3 by the address of the moment).
    await p.getByRole("button", { name: "Условие", exact: true }).click();
    await p.getByLabel("Поле").selectOption("created_at");
    await p.getByRole("button", { name: "Применить" }).click();
    await p.getByText("Введите дату.").waitFor();
    await p.getByLabel("Дата").fill("2024-05-02");
    await p.getByRole("button", { name: "Применить" }).click();
    await p.getByText("Никто не нашёлся").waitFor();
    assert.match(new URL(p.url()).searchParams.get("filter"), /,created_at:gte:2024-05-02T00:00:00[+-]\d\d:\d\d$/);
    await accessible(p);
    await p.getByRole("button", { name: /^Убрать условие: Создан с 2 мая 2024/ }).click();
    await p.getByText("Найдено 1 666 клиентов из 5 000").waitFor();

    // One text, without saying what it is; the address has it; nobody: a way back.
    const box = p.getByRole("searchbox", { name: "Поиск клиентов" });
    await box.fill("клиент 42");
    await p.getByText("Найдено 39 клиентов из 5 000").waitFor();
    assert.equal(new URL(p.url()).searchParams.get("search"), "клиент 42");
    await box.fill("client17@");
    await p.getByText("Никто не подходит и под запрос, и под условия сразу").waitFor();
    await accessible(p);
    await box.fill("");
    await p.getByText("Найдено 1 666 клиентов из 5 000").waitFor();

    // An order, by the head of a column; a column of an attribute, remembered by the browser.
    await p.getByRole("columnheader", { name: "Внешний ID" }).getByRole("button").click();
    await p.getByRole("columnheader", { name: "Внешний ID" }).getByRole("button").click();
    await eventually("descending", async () => new URL(p.url()).searchParams.get("sort") === "-external_id");
    await p.getByRole("button", { name: "Столбцы" }).click();
    await p.getByRole("button", { name: "Добавить: ltv" }).click();
    await p.getByRole("button", { name: "Выше: ltv" }).click();
    await accessible(p);
    await p.getByRole("button", { name: "Готово" }).click();
    await p.getByRole("columnheader", { name: "ltv" }).waitFor();
    assert.match((await rows(p))[1], /c-999\b/);

    // Keys: down, a page, the end; Enter opens; back comes to the same row.
    await grid(p).focus();
    await p.keyboard.press("End");
    await p.keyboard.press("PageUp");
    await p.keyboard.press("ArrowUp");
    await rows(p);
    const active = () => grid(p).locator("[aria-selected=true]").innerText();
    const chosen = await active();
    const name = /Клиент \d+/.exec(chosen)[0];
    await p.keyboard.press("Enter");
    await p.getByRole("heading", { level: 1, name }).waitFor();
    await p.goBack();
    await rows(p);
    assert.equal(await active(), chosen);
    await p.reload();
    await rows(p);
    assert.equal(await active(), chosen, "after a reload, too");

    // A fresh visit has the columns of before, and no filter.
    await p.goto("/cabinet/consumers");
    await p.getByText("5 000 клиентов").waitFor();
    await p.getByRole("columnheader", { name: "ltv" }).waitFor();

    // The scroll bar leads anywhere; there is a row for each customer.
    assert.equal(await grid(p).getAttribute("aria-rowcount"), "5001");
    await grid(p).evaluate((e) => (e.scrollTop = e.scrollHeight / 2));
    await eventually("the middle", async () => (await rows(p)).some((row) => /client25\d\d@/.test(row)));
    assert.ok((await grid(p).getByRole("row").count()) < 60, "only rows in sight are there");

    // A filter that is none says why, and how to go on.
    await p.goto("/cabinet/consumers?filter=nosuch:eq:1");
    await p.getByText("нет поля 'nosuch'").waitFor();
    await p.getByRole("button", { name: "Убрать условия" }).click();
    await p.getByText("5 000 клиентов").waitFor();
});

test("a customer: changed in place, nothing typed is lost, nothing of a colleague's overwritten", async (t) => {
    const w = await world(t);
    await create(w, { external_id: "other", email: "taken@example.com" });
    const id = await create(w, { external_id: "a", email: "a@example.com", name: "Анна", phone: "79000000001" });
    const exact = `{"data":{"type":"consumers","id":"${id}","attributes":{"custom_attributes":{"card":12345678901234567890,"price":1.10,"tags":["a","b"],"vip":true,"city":"Омск"}}}}`;
    assert.equal((await w.api("PATCH", `/v4/consumers/${id}`, exact)).status, 200);
    const raw = async () => {
        const answer = await fetch(`${w.base}/v4/consumers/${id}`, { headers: { Authorization: `Token token=${w.token}` } });
        return answer.text();
    };

    const p = await page(t, w, { user: MANAGER, expect: REFUSED });
    await p.goto(`/cabinet/consumers/${id}`);
    await p.getByRole("heading", { level: 1, name: "Анна" }).waitFor();
    await p.getByText("12345678901234567890").waitFor();
    await accessible(p);

    // Only what was changed is sent; numbers stay as they are written; an attribute and a field are taken away.
    await p.getByRole("button", { name: "Изменить: city" }).click();
    await p.getByLabel("city", { exact: true }).fill("Казань");
    await p.getByRole("button", { name: "Удалить атрибут «vip»" }).click();
    await p.getByRole("button", { name: "Очистить: Телефон" }).click();
    await p.getByRole("button", { name: "Добавить атрибут" }).click();
    await p.getByLabel("Название атрибута").fill("счёт");
    await p.getByRole("button", { name: "Добавить атрибут" }).click();
    await p.getByLabel("Тип").last().selectOption({ label: "Число" });
    await p.getByLabel("счёт", { exact: true }).fill("десять");
    await p.getByRole("button", { name: "Сохранить" }).click();
    await p.getByText("Это не число").waitFor();
    await p.getByLabel("счёт", { exact: true }).fill("9007199254740993,5");
    await accessible(p);
    let sent;
    p.on("request", (request) => request.method() === "PATCH" && (sent = request.postData()));
    await p.getByRole("button", { name: "Сохранить" }).click();
    await p.getByText("Сохранено").waitFor();
    assert.deepEqual(Object.keys(JSON.parse(sent).data.attributes).sort(), ["custom_attributes", "phone"]);
    assert.match(await raw(), /"card":12345678901234567890,"price":1\.10,"tags":\["a","b"\],"city":"Казань","счёт":9007199254740993\.5/);
    assert.equal((await attributesOf(w, id)).phone, null);

    // A value that another has already: said beside the field, with a way to the other.
    await p.getByRole("button", { name: "Изменить: E-mail" }).click();
    await p.getByLabel("E-mail", { exact: true }).fill("taken@example.com");
    await p.keyboard.press("Enter");
    await p.getByText("уже принадлежит другому клиенту").waitFor();
    await accessible(p);

    // Leaving loses nothing.
    await p.getByLabel("E-mail", { exact: true }).fill("anna@example.com");
    await p.getByRole("link", { name: "Обзор" }).first().click();
    await p.getByRole("heading", { level: 1, name: "Обзор" }).waitFor();
    await p.goBack();
    await p.getByText("не сохранили").waitFor();
    assert.equal(await p.getByLabel("E-mail", { exact: true }).inputValue(), "anna@example.com");
    await p.reload();
    assert.equal(await p.getByLabel("E-mail", { exact: true }).inputValue(), "anna@example.com");

    // A colleague was quicker: both are shown, nothing is overwritten.
    await w.api("PATCH", `/v4/consumers/${id}`, { data: { type: "consumers", id, attributes: { email: "colleague@example.com", name: "Анна П." } } });
    await p.getByRole("button", { name: "Сохранить" }).click();
    await p.getByText("Пока вы правили, клиента изменили").waitFor();
    assert.equal((await attributesOf(w, id)).email, "colleague@example.com");
    await p.getByText("Сейчас на сервере: colleague@example.com").waitFor();
    await p.getByText("У вас: anna@example.com").waitFor();
    await accessible(p);
    await p.getByRole("button", { name: "Сохранить" }).first().click();
    await eventually("mine, after all", async () => (await attributesOf(w, id)).email === "anna@example.com");
    assert.equal((await attributesOf(w, id)).name, "Анна П.");

    // Deleting asks, and says what stays.
    await p.getByRole("button", { name: "Действия" }).click();
    await p.getByRole("menuitem", { name: "Удалить" }).click();
    await accessible(p);
    await p.getByRole("dialog").getByRole("button", { name: "Удалить" }).click();
    await p.getByText("удалён").waitFor();
    assert.equal((await w.api("GET", `/v4/consumers/${id}`)).status, 404);
    await p.goto(`/cabinet/consumers/${id}`);
    await p.getByRole("heading", { level: 1, name: "Такого клиента нет" }).waitFor();
    await accessible(p);
});

test("a new customer by hand; who has the e-mail already is one click away", async (t) => {
    const w = await world(t);
    const other = await create(w, { external_id: "1", email: "anna@example.com", name: "Анна" });
    const p = await page(t, w, { user: MANAGER, expect: REFUSED });
    await p.goto("/cabinet/consumers/new");
    await p.getByRole("button", { name: "Создать" }).click();
    await p.getByText("Заполните хотя бы одно поле.").waitFor();
    await p.getByLabel("Имя").fill("Вторая Анна");
    await p.getByLabel("E-mail").fill("ANNA@example.com");
    await p.getByRole("button", { name: "Создать" }).click();
    await p.getByText("уже принадлежит другому клиенту").waitFor();
    await accessible(p);
    assert.match(await p.getByRole("link", { name: "Открыть этого клиента" }).getAttribute("href"), new RegExp(`${other}$`));
    await p.reload();
    assert.equal(await p.getByLabel("Имя").inputValue(), "Вторая Анна");
    await p.getByLabel("E-mail").fill("anna2@example.com");
    await p.getByRole("button", { name: "Создать" }).click();
    await p.getByRole("heading", { level: 1, name: "Вторая Анна" }).waitFor();
});

test("who only reads sees no way to write", async (t) => {
    const w = await world(t);
    const id = await create(w, { external_id: "1", email: "anna@example.com", name: "Анна" });
    const p = await page(t, w, { user: MODERATOR, expect: REFUSED });
    await p.goto("/cabinet/consumers");
    await grid(p).waitFor();
    for (const name of ["Новый клиент", "Выгрузить", "Импортировать файл"])
        assert.equal(await p.getByRole("link", { name, exact: true }).count(), 0, name);
    await p.goto(`/cabinet/consumers/${id}`);
    await p.getByRole("heading", { level: 1, name: "Анна" }).waitFor();
    for (const name of [/^Изменить/, /^Заполнить/, /^Очистить/, /^Добавить/, "Действия"])
        assert.equal(await p.getByRole("button", { name }).count(), 0, String(name));
    await p.goto("/cabinet/consumers/exports");
    await p.getByText("Ваша роль может скачивать готовые выгрузки").waitFor();
    assert.equal(await p.getByRole("button", { name: "Выгрузить" }).count(), 0);
    await p.goto("/cabinet/consumers/new");
    await p.getByText("Эта страница вам не открыта").waitFor();
});

test("those of a filter as a file, with the list's columns", async (t) => {
    const w = await world(t);
    await w.import("clients.csv", csv([[...HEADER, "город"], ...customers(300, { more: (n) => [n % 3 ? "Омск" : "Казань"] })]));
    const p = await page(t, w, { user: MANAGER });
    await p.goto("/cabinet/consumers?search=client&filter=custom_attributes.город:eq:Казань&sort=-external_id&columns=email,custom_attributes.город");
    await p.getByText("Найдено 100 клиентов из 300").waitFor();
    await p.getByRole("link", { name: "Выгрузить", exact: true }).click();
    await p.getByText("100 клиентов").waitFor();
    await accessible(p);
    await p.getByLabel("CSV").check();
    await p.getByRole("button", { name: "Выгрузить" }).click();
    await p.getByText("Страницу можно закрыть").waitFor();
    const link = p.getByRole("link", { name: /^Скачать CSV/ });
    await link.waitFor();
    await accessible(p);
    const [download] = await Promise.all([p.waitForEvent("download"), link.click()]);
    const lines = gunzipSync(readFileSync(await download.path())).toString("utf8").replace("\ufeff", "").trim().split(/\r?\n/);
    assert.equal(lines.length, 101);
    assert.match(lines[0], /^name[;,]email[;,]город$/);
    assert.match(lines[1], /^Клиент 99[;,]client99@example.com[;,]Казань$/);
    await p.getByRole("button", { name: "Удалить" }).click();
    await p.getByRole("button", { name: "Да, удалить файл" }).click();
    await p.getByText("Выгрузок пока не было.").waitFor();
});

test("nothing of a customer is ever markup or a script", async (t) => {
    const w = await world(t);
    const bad = `"><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}`;
    const file = csv([
        [...HEADER, bad],
        ["file-1", "f@example.com", bad, "79000000001", "2024-05-01", bad],
    ]);
    await w.import("плохой.csv", file);
    const custom = { [bad]: bad, __proto__x: bad, list: [bad], object: { [bad]: bad } };
    const id = await create(w, {
        external_id: bad.slice(0, 60),
        email: "b@example.com",
        name: bad,
        first_name: bad,
        phone: bad.slice(0, 40),
        avatar_url: "javascript:alert(3)",
        custom_attributes: custom,
    });
    const p = await page(t, w, { user: MANAGER, expect: REFUSED });
    const dialogs = [];
    p.on("dialog", (dialog) => (dialogs.push(dialog.message()), dialog.dismiss()));
    const clean = async (what) => {
        await p.waitForTimeout(300);
        assert.deepEqual(dialogs, [], what);
        assert.equal(await p.locator("img, #app script, [onerror], a[href^='javascript:' i]").count(), 0, what);
    };
    const column = encodeURIComponent(`custom_attributes.${bad.replaceAll(",", "\\,")}`);
    const fields = `name,first_name,phone,external_id,avatar_url,custom_attributes.list,custom_attributes.object,${column}`;
    await p.goto(`/cabinet/consumers?columns=${fields}`);
    await p.getByText("2 клиента").waitFor();
    await rows(p);
    await clean("the list");
    await p.getByRole("button", { name: "Столбцы" }).click();
    await p.getByRole("button", { name: "Условие", exact: true }).click();
    await clean("its panels");
    await p.goto(`/cabinet/consumers?filter=${encodeURIComponent(`name:eq:${bad}`)}`);
    await p.getByText("Найдено 2 клиента из 2").waitFor();
    await clean("a condition");
    await p.goto(`/cabinet/consumers?search=${encodeURIComponent(bad)}&filter=${encodeURIComponent(`${bad}:eq:${bad}`)}`);
    await p.getByRole("search").waitFor();
    await clean("an address");
    await p.goto(`/cabinet/consumers/${id}`);
    await p.getByRole("heading", { level: 1, name: bad }).waitFor();
    await clean("his page");
    for (const name of [`Изменить: ${bad}`, "Изменить: object", "Изменить: Имя"]) await p.getByRole("button", { name, exact: true }).click();
    await p.getByLabel("Имя", { exact: true }).fill("другое");
    await clean("editing");
    await w.api("PATCH", `/v4/consumers/${id}`, { data: { type: "consumers", id, attributes: { name: bad + bad, custom_attributes: { list: bad } } } });
    await p.getByRole("button", { name: "Сохранить" }).click();
    await p.getByText("Пока вы правили, клиента изменили").waitFor();
    await clean("a conflict");
    await p.getByRole("button", { name: "Действия" }).click();
    await p.getByRole("menuitem", { name: "Удалить" }).click();
    await clean("a question");
    await p.goto(`/cabinet/consumers/exports?filter=${encodeURIComponent(`name:eq:${bad}`)}&columns=${column}`);
    await p.getByRole("button", { name: "Выгрузить" }).click();
    await p.getByRole("link", { name: /^Скачать/ }).waitFor();
    await clean("exports");
});

test("both languages, both themes, from 360 px", async (t) => {
    const w = await world(t);
    await w.import("clients.csv", csv([HEADER, ...customers(50)]));
    const id = await create(w, { external_id: "1", email: "anna@example.com", name: "Анна", custom_attributes: { "очень-длинное-имя-атрибута-без-пробелов": "x".repeat(200) } });
    for (const [language, theme] of [
        ["ru", "dark"],
        ["en", "light"],
    ]) {
        const p = await page(t, w, { user: MANAGER, width: 360, height: 740, theme, language, expect: REFUSED });
        await p.addInitScript((to) => localStorage.setItem("language", to), language);
        await p.goto("/cabinet/consumers");
        await p.getByRole("grid").waitFor();
        await p.getByText(language === "ru" ? "51 клиент" : "51 customers", { exact: true }).waitFor();
        for (const path of ["", "/new", "/exports", `/${id}`]) {
            await p.goto(`/cabinet/consumers${path}`);
            await p.getByRole("heading", { level: 1 }).waitFor();
            await p.waitForTimeout(300);
            await fits(p);
            await accessible(p);
        }
    }
});
