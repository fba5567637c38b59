// SPDX-License-Identifier: Apache-2.0
// What a company's administrator does besides customers and imports: the first start, tokens, colleagues, webhooks, the account.
import assert from "node:assert/strict";
import test from "node:test";
import { accessible, fits, page } from "./browser.mjs";
import { eventually, PASSWORD, world } from "./world.mjs";

const ADMIN = "admin@example.com";
const REFUSED = ["the server responded with a status of 4"];
const heading = (p, name) => p.getByRole("heading", { name, level: 1 }).waitFor();

test("the first start asks for the code of the log, and makes a company and its administrator", async (t) => {
    const w = await world(t, { users: false });
    const p = await page(t, w, { expect: REFUSED });
    await p.goto("/");
    await heading(p, "Первый запуск");
    assert.match(p.url(), /\/cabinet\/setup$/);
    await accessible(p);
    await p.getByLabel("Одноразовый код").fill("AAAA-AAAA-AAAA");
    await p.getByLabel("Название компании").fill("Ромашка");
    await p.getByLabel("Часовой пояс").fill("Asia/Omsk");
    await p.getByLabel("E-mail").fill("first@example.com");
    await p.getByLabel("Пароль", { exact: true }).fill(PASSWORD);
    await p.getByRole("button", { name: "Создать и войти" }).click();
    await p.locator(".error").first().waitFor(); // the code is not that one, and what was typed is still there
    assert.equal(await p.getByLabel("Название компании").inputValue(), "Ромашка");
    await p.getByLabel("Одноразовый код").fill(/one-time code is (\S+)/.exec(w.log())[1]);
    await p.getByRole("button", { name: "Создать и войти" }).click();
    await heading(p, "Обзор");
    assert.equal(new URL(p.url()).pathname, "/cabinet/");
});

test("login leads back to the place that was asked for; a session that ends is renewed above the page", async (t) => {
    const w = await world(t);
    const p = await page(t, w, { expect: REFUSED });
    await p.goto("/cabinet/developers/examples?lang=python");
    await heading(p, "Вход");
    await p.getByLabel("E-mail").fill(ADMIN);
    await p.getByLabel("Пароль").fill("not the password");
    await p.getByRole("button", { name: "Войти" }).click();
    await p.getByRole("alert").waitFor();
    await p.getByLabel("Пароль").fill(PASSWORD);
    await p.getByRole("button", { name: "Войти" }).click();
    await heading(p, "Примеры");
    assert.match(p.url(), /\/cabinet\/developers\/examples\?lang=python$/);

    await p.goto("/cabinet/developers/tokens?new=yes");
    await p.getByLabel("Название").fill("Сайт");
    await p.context().clearCookies();
    await p.getByRole("button", { name: "Создать токен" }).click();
    const again = p.getByRole("dialog", { name: "Войдите ещё раз" });
    await again.getByLabel("Пароль").fill(PASSWORD);
    await again.getByRole("button", { name: "Войти" }).click();
    await again.waitFor({ state: "detached" });
    // The token is made, or is asked for once more with what was typed.
    if (!(await p.getByText("Токен «Сайт» создан").isVisible())) {
        await eventually("what was typed or what was made", async () =>
            (await p.getByText("Токен «Сайт» создан").isVisible()) || (await p.getByLabel("Название").inputValue()) === "Сайт");
    }
});

test("a token is created, its key works in the examples, it is shown by password and revoked", async (t) => {
    const w = await world(t);
    const p = await page(t, w, { user: ADMIN, expect: REFUSED });
    await p.goto("/cabinet/developers");
    await heading(p, "Токены");
    await p.getByLabel("Название").fill("Сайт");
    await p.getByRole("button", { name: "Создать токен" }).click();
    await p.getByText("Токен «Сайт» создан").waitFor();
    await accessible(p);
    const key = (await p.getByRole("region", { name: "Ключ" }).innerText()).trim();
    assert.equal((await w.api("GET", "/v4/consumers", undefined, key)).status, 200);

    await p.getByRole("link", { name: "Подставить в примеры" }).click();
    await heading(p, "Примеры");
    const shown = await p.getByRole("region", { name: /Добавить клиента/ }).last().innerText();
    assert.ok(shown.includes(key) && shown.includes(`${w.base}/v4/consumers`), shown);
    await accessible(p);

    await p.reload(); // the key was in the memory of the page alone
    await heading(p, "Примеры");
    assert.ok(!(await p.content()).includes(key));
    await p.goto("/cabinet/developers/tokens");
    await p.getByRole("button", { name: "Действия: Сайт" }).click();
    await p.getByRole("menuitem", { name: "Показать ключ" }).click();
    const dialog = p.getByRole("dialog");
    await dialog.getByLabel("Ваш пароль").fill("wrong");
    await dialog.getByRole("button", { name: "Показать", exact: true }).click();
    await dialog.locator(".error").waitFor();
    await dialog.getByLabel("Ваш пароль").fill(PASSWORD);
    await dialog.getByRole("button", { name: "Показать", exact: true }).click();
    await dialog.getByRole("region", { name: "Ключ" }).waitFor();
    assert.equal((await dialog.getByRole("region", { name: "Ключ" }).innerText()).trim(), key);
    await dialog.getByRole("button", { name: "Закрыть" }).last().click();

    await p.getByRole("button", { name: "Действия: Сайт" }).click();
    await p.getByRole("menuitem", { name: "Отозвать" }).click();
    await p.getByRole("dialog").getByRole("button", { name: "Отозвать" }).click();
    await p.getByRole("button", { name: "Показать отозванные" }).waitFor();
    await eventually("the key to be refused", async () => (await w.api("GET", "/v4/consumers", undefined, key).catch(() => ({ status: 401 }))).status === 401);
});

test("a colleague comes by a link, sees what the role allows, and changes the password", async (t) => {
    const w = await world(t);
    const p = await page(t, w, { user: ADMIN });
    await p.goto("/cabinet/settings/users");
    await p.getByLabel("E-mail").fill("petrova@example.com");
    await p.getByRole("radio", { name: "наблюдатель" }).check();
    await p.getByRole("button", { name: "Создать приглашение" }).click();
    await p.getByText("Приглашение для petrova@example.com").waitFor();
    const link = (await p.getByRole("region", { name: "Ссылка" }).innerText()).trim();
    await p.getByText("ещё не входил").waitFor();
    await accessible(p);

    const theirs = await page(t, w, { expect: REFUSED, width: 360 });
    await theirs.goto(link);
    await heading(theirs, "Приглашение");
    await fits(theirs);
    await theirs.getByLabel("Пароль", { exact: true }).fill("a quite long phrase");
    await theirs.getByRole("button", { name: "Задать пароль и войти" }).click();
    await heading(theirs, "Обзор");
    await theirs.goto("/cabinet/developers/tokens");
    await heading(theirs, "Эта страница вам не открыта");
    await theirs.goto("/cabinet/settings/account");
    await theirs.getByLabel("Текущий пароль").fill("a quite long phrase");
    await theirs.getByLabel("Новый пароль").fill("another quite long phrase");
    await theirs.getByRole("button", { name: "Сменить", exact: true }).click();
    await theirs.getByText("Пароль изменён").waitFor();
    await fits(theirs);

    await theirs.goto(link); // once is all
    await theirs.reload();
    await theirs.getByText("Ссылка не действует").waitFor();
});

test("a webhook is made, tried, and what came of it is told", async (t) => {
    const w = await world(t);
    const p = await page(t, w, { user: ADMIN, expect: REFUSED });
    await p.goto("/cabinet/settings/webhooks");
    await p.getByLabel("Адрес").fill("https://127.0.0.1:9/hook");
    await p.getByRole("button", { name: "Создать" }).click();
    await p.getByText("Вебхук создан").waitFor();
    assert.match(await p.getByRole("region", { name: "Секрет" }).innerText(), /^whsec_/);
    await p.getByRole("link", { name: "К вебхуку" }).click();
    await heading(p, "https://127.0.0.1:9/hook");
    await p.getByRole("button", { name: "Проверить" }).click();
    await p.getByText("Не доставлено: адрес в закрытой сети").waitFor();
    await p.getByRole("table", { name: "Журнал доставки" }).waitFor();
    await accessible(p);
    await p.getByRole("button", { name: "Выключить" }).click();
    await p.getByText("выключен", { exact: true }).waitFor();
});
