// SPDX-License-Identifier: Apache-2.0
// Files as people save them.
import { spawnSync } from "node:child_process";
import { dirname } from "node:path";
import { HERE } from "./world.mjs";

export const HEADER = ["external_id", "email", "name", "phone", "created_at"];

const quoted = (cell) => (/[";\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

/** The text of a CSV file as Excel saves it: semicolons, CRLF. */
export function csvText(rows, delimiter = ";") {
    return rows.map((row) => row.map((cell) => quoted(String(cell))).join(delimiter) + "\r\n").join("");
}

/** The same in bytes, UTF-8 with the mark that Excel writes. */
export function csv(rows, delimiter = ";") {
    return Buffer.from("\ufeff" + csvText(rows, delimiter));
}

/** The same in windows-1251, which is what Excel calls CSV on a Russian Windows. */
export function csv1251(rows) {
    const decoder = new TextDecoder("windows-1251");
    const byte = new Map(Array.from({ length: 256 }, (_, i) => [decoder.decode(Uint8Array.of(i)), i]));
    return Buffer.from(Array.from(csvText(rows), (c) => byte.get(c) ?? 0x3f));
}

/** A workbook of texts; sheets: rows, or rows by the sheet's name. */
export function xlsx(sheets) {
    const program = "import json, sys, workbook; sys.stdout.buffer.write(workbook.book(json.load(sys.stdin)))";
    const done = spawnSync("python3", ["-c", program], { input: JSON.stringify(sheets), cwd: dirname(HERE), maxBuffer: 1 << 30 });
    if (done.status !== 0) throw new Error(done.stderr.toString());
    return done.stdout;
}

/** count good customers, numbered from first; more: cells after the five of the header. */
export function customers(count, { first = 1, more = () => [] } = {}) {
    return Array.from({ length: count }, (_, i) => {
        const n = first + i;
        return [`c-${n}`, `client${n}@example.com`, `Клиент ${n}`, `+7900${String(n).padStart(7, "0")}`, "2024-05-01 10:00:00", ...more(n)];
    });
}

/** What setInputFiles() and a drop take. */
export function upload(name, bytes) {
    const type = name.endsWith(".xlsx") ? "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" : "text/csv";
    return { name, mimeType: type, buffer: bytes };
}
