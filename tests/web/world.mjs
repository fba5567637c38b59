// SPDX-License-Identifier: Apache-2.0
// A server of a test's own: a new data directory, a free port, people with roles.
import { spawn, spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export const HERE = dirname(fileURLToPath(import.meta.url));
export const ROOT = dirname(dirname(HERE));
export const BIN = process.env.CLIENTELE_BIN ?? join(ROOT, "build", "clientele");
export const PASSWORD = "correct horse battery";
const START_MS = 30000;
const STOP_MS = 60000;

export function run(...words) {
    const done = spawnSync(BIN, words.map(String), { encoding: "utf8" });
    if (done.status !== 0) throw new Error(`${words.join(" ")}: exit ${done.status}\n${done.stdout}${done.stderr}`);
    return done.stdout;
}

/** Asks again and again until what is said is true; says what it was waiting for when it never is. */
export async function eventually(what, ask, timeoutMs = 30000) {
    for (const until = Date.now() + timeoutMs; ; await sleep(50)) {
        const got = await ask();
        if (got) return got;
        if (Date.now() > until) throw new Error(`never came: ${what}`);
    }
}

export class World {
    constructor({ company = "Ромашка", users = true, args = [], port = 0 } = {}) {
        this.folder = mkdtempSync(join(tmpdir(), "clientele-web-"));
        this.data = join(this.folder, "data");
        this.passwordFile = join(this.folder, "password");
        this.logPath = join(this.folder, "server.log");
        this.company = company;
        this.args = args;
        this.port = port;
        writeFileSync(this.passwordFile, PASSWORD + "\n");
        writeFileSync(this.logPath, "");
        if (users) {
            run("init", "--data", this.data, "--company", company, "--admin", "admin@example.com", "--password-file", this.passwordFile);
            for (const role of ["company_admin", "company_manager", "company_moderator"]) this.addUser(`${role}@example.com`, role);
        } else run("init", "--data", this.data);
    }

    addUser(email, role, company = this.company) {
        run("user", "create", "--data", this.data, "--company", company, email, "--role", role, "--password-file", this.passwordFile);
    }

    newToken(name = "test", ...more) {
        return run("token", "create", "--data", this.data, "--company", this.company, "--name", name, ...more).trim();
    }

    get base() {
        return `http://127.0.0.1:${this.port}`;
    }

    log() {
        return readFileSync(this.logPath, "utf8");
    }

    async start() {
        const begin = this.log().length;
        const out = openSync(this.logPath, "a");
        this.process = spawn(BIN, ["serve", "--data", this.data, "--listen", `127.0.0.1:${this.port}`, ...this.args], { stdio: ["ignore", out, out] });
        closeSync(out);
        this.over = new Promise((resolve) => this.process.once("exit", (code, signal) => resolve(signal ?? code)));
        await eventually(
            `a server that listens\n${this.log()}`,
            () => {
                if (this.process.exitCode !== null) throw new Error("the server did not start:\n" + this.log());
                const found = /127\.0\.0\.1:(\d+)/.exec(this.log().slice(begin));
                if (found) this.port = Number(found[1]);
                return found;
            },
            START_MS,
        );
        return this;
    }

    /** As a power cut would. */
    async kill() {
        this.process.kill("SIGKILL");
        await this.over;
    }

    /** As an operator would; a crash, or a leak that a sanitizer found, is an error. */
    async stop() {
        if (this.process?.exitCode === null && this.process.signalCode === null) {
            this.process.kill("SIGTERM");
            const late = setTimeout(() => this.process.kill("SIGKILL"), STOP_MS);
            const code = await this.over;
            clearTimeout(late);
            if (code !== 0) throw new Error(`the server ended with ${code}:\n${this.log()}`);
        }
    }

    /** A request of the Platform API; the JSON of the answer. */
    async api(method, path, body, token = (this.token ??= this.newToken())) {
        const answer = await fetch(this.base + path, {
            method,
            headers: { Authorization: `Token token=${token}`, ...(body !== undefined && { "Content-Type": "application/vnd.api+json" }) },
            ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
        });
        const text = await answer.text();
        return { status: answer.status, json: text ? JSON.parse(text) : null };
    }

    /** Imports a file by command line, to have something to begin with. */
    async import(name, bytes, ...more) {
        const path = join(this.folder, name);
        writeFileSync(path, bytes);
        return run("import", "--data", this.data, "--company", this.company, path, ...more);
    }
}

/** A running world for a test, taken down at its end. */
export async function world(t, options) {
    const made = new World(options);
    t.after(async () => {
        try {
            await made.stop();
        } finally {
            rmSync(made.folder, { recursive: true, force: true });
        }
    });
    return made.start();
}
