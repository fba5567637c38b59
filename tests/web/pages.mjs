// SPDX-License-Identifier: Apache-2.0
// Every page of the cabinet in the states worth looking at, on a company with some life in it.  What is here is looked at
// by axe-core in every test run, and by people on the pictures that `./dev screenshots` makes.
import { csv, csv1251, customers, HEADER, xlsx } from "./files.mjs";
import { eventually, run } from "./world.mjs";

const COLUMNS = [...HEADER, "orders_count", "ltv", "Город"];
const CITIES = ["Омск", "Тула", "Казань", "Санкт-Петербург", "Ростов-на-Дону"];
const more = (n) => [String(n % 17), `${(n * 37) % 90000}.50`, CITIES[n % CITIES.length]];

/** Sends a file as a program does; the number of its import. */
export async function send(world, name, bytes, query = "start=auto") {
    world.token ??= world.newToken();
    const answer = await fetch(`${world.base}/v4/import_tasks?file_name=${encodeURIComponent(name)}&${query}`, {
        method: "POST",
        headers: { Authorization: `Token token=${world.token}`, "Content-Type": "application/octet-stream" },
        body: bytes,
    });
    const document = await answer.json();
    if (answer.status !== 202) throw new Error(JSON.stringify(document));
    return document.data.id;
}

const rests = ["ready", "needs_answer", "completed", "completed_with_errors", "failed", "cancelled", "reverted"];
export async function task(world, id, states = rests) {
    return eventually(`import ${id} in ${states}`, async () => {
        const { attributes } = (await world.api("GET", `/v4/import_tasks/${id}`)).json.data;
        return states.includes(attributes.state) && attributes;
    });
}

/** Fills a world; returns the numbers of what can be looked at. */
export async function scene(world) {
    world.token ??= world.newToken("Интернет-магазин");
    const made = {};
    const good = [COLUMNS, ...customers(600, { more })];
    made.completed = await send(world, "clients_oct.csv", csv(good), "start=auto");
    await task(world, made.completed);

    const bad = [COLUMNS, ...customers(300, { first: 500, more })];
    for (let i = 1; i <= 12; i++) bad[i][1] = "not an address";
    for (let i = 13; i <= 20; i++) bad[i][1] = "client1@example.com";
    for (let i = 21; i <= 24; i++) bad[i][3] = "7,9E+10";
    made.failedRows = await send(world, "clients_nov.xlsx", xlsx(bad), "start=auto&mode=both");
    await task(world, made.failedRows);

    made.question = await send(world, "клиенты 1251.csv", csv1251([COLUMNS, ...customers(40, { first: 2000, more })]), "start=manual");
    await task(world, made.question);

    const ready = [[...COLUMNS, "Отписан"], ...customers(200, { first: 700, more: (n) => [...more(n), n % 2 ? "да" : "нет"] })];
    ready[3][3] = "7,9E+10";
    for (let i = 5; i < 9; i++) ready[i][3] = `8900${1000000 + i}`;
    made.ready = await send(world, "clients_dec.csv", csv(ready), "start=manual");
    await task(world, made.ready);
    await world.api("POST", `/v4/import_tasks/${made.ready}/dry_run`);
    await eventually("a dry run", async () => (await world.api("GET", `/v4/import_tasks/${made.ready}`)).json.data.attributes.dry_run.state === "done");

    made.refused = await send(world, "отчёт.csv", Buffer.from("просто текст без колонок\r\n"), "start=auto");
    await task(world, made.refused);

    made.reverted = await send(world, "ошибочный.csv", csv([COLUMNS, ...customers(50, { first: 5000, more })]), "start=auto");
    await task(world, made.reverted);
    await world.api("POST", `/v4/import_tasks/${made.reverted}/revert`);
    await task(world, made.reverted, ["reverted"]);

    await world.api("PUT", "/v4/consumers/c-1", { data: { type: "consumers", attributes: { name: "Анна Петрова", custom_attributes: { vip: true, tags: ["опт", "сайт"] } } } });
    made.consumer = (await world.api("GET", "/v4/consumers/c-1")).json.data.id;
    await world.api("POST", "/v4/consumers", { data: { type: "consumers", attributes: { email: "not an address" } } });
    const hook = await world.api("POST", "/v4/webhooks", { data: { type: "webhooks", attributes: { url: "https://example.com/hook", events: ["import_task.completed"] } } });
    made.webhook = hook.json?.data?.id;
    made.invitation = run("user", "create", "--data", world.data, "--company", world.company, "new@example.com", "--role", "company_manager", "--base-url", world.base).match(/#(\S+)/)?.[1];
    return made;
}

// Who has no session learns it by a 401, which a browser writes to its console.
const NOBODY = ["status of 401"];
const ADMIN = "company_admin@example.com", READER = "company_moderator@example.com";

/** { name, path, as: whose session (none: nobody's), empty: in a company without anything, expect: words of the console } */
export function pages(made) {
    const signed = (name, path, more) => ({ name, path, as: ADMIN, ...more });
    return [
        { name: "login", path: "/cabinet/login", expect: NOBODY },
        { name: "invite", path: `/cabinet/invite#${made.invitation}`, expect: NOBODY },
        signed("overview", "/cabinet/"),
        signed("import", "/cabinet/settings/import/consumers"),
        signed("import-help", "/cabinet/help/import"),
        signed("import-question", `/cabinet/imports/${made.question}`),
        signed("import-ready", `/cabinet/imports/${made.ready}`),
        signed("import-completed", `/cabinet/imports/${made.completed}`),
        signed("import-failed-rows", `/cabinet/imports/${made.failedRows}`),
        signed("import-errors", `/cabinet/imports/${made.failedRows}?tab=errors`),
        signed("import-refused", `/cabinet/imports/${made.refused}`),
        signed("import-reverted", `/cabinet/imports/${made.reverted}`),
        signed("imports", "/cabinet/imports"),
        signed("consumers", "/cabinet/consumers"),
        signed("consumers-found", "/cabinet/consumers?search=client12"),
        signed("consumers-none", "/cabinet/consumers?search=nobody-of-this-name"),
        // Where a value came from is not answered by the server yet.
        signed("consumer", `/cabinet/consumers/${made.consumer}`, { todo: "origins are not served" }),
        signed("consumer-read-only", `/cabinet/consumers/${made.consumer}`, { as: READER, todo: "origins are not served" }),
        signed("tokens", "/cabinet/developers/tokens"),
        signed("examples", "/cabinet/developers/examples"),
        signed("requests", "/cabinet/developers/requests"),
        signed("audit", "/cabinet/audit"),
        signed("settings", "/cabinet/settings/company"),
        signed("webhooks", "/cabinet/settings/webhooks"),
        signed("webhook", `/cabinet/settings/webhooks/${made.webhook}`),
        signed("users", "/cabinet/settings/users"),
        signed("account", "/cabinet/settings/account"),
        signed("missing", "/cabinet/no/such/page"),
        signed("forbidden", "/cabinet/audit", { as: READER }),
        signed("overview-empty", "/cabinet/", { empty: true }),
        signed("import-empty", "/cabinet/settings/import/consumers", { empty: true }),
        signed("imports-empty", "/cabinet/imports", { empty: true }),
        signed("consumers-empty", "/cabinet/consumers", { empty: true }),
    ];
}

/** Goes to the page and waits until it shows what it has to show. */
export async function open(page, entry) {
    await page.goto(entry.path);
    await page.locator("h1").first().waitFor();
    // Event streams never end, so that "networkidle" never comes: until nothing says that it is still loading.
    await page.waitForFunction(() => !document.querySelector("[aria-busy=true]"), null, { timeout: 10000 });
    await page.waitForTimeout(150);
}
