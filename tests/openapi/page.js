// SPDX-License-Identifier: Apache-2.0
// Makes of an OpenAPI description the page that the server shows at /docs: no script, nothing from elsewhere.
// usage: node page.js OPENAPI.yaml en|ru
const fs = require("fs");
const YAML = require("yaml");

const api = YAML.parse(fs.readFileSync(process.argv[2], "utf8"));
const language = process.argv[3];
const words = {
    en : {operations : "Requests", schemas : "What is in the documents", parameters : "Parameters", body : "Body", answers : "Answers",
          required : "required", example : "Example", other : "other", source : "the description for programs", token : "no token",
          turn : "по-русски", turned : "ru", deprecated : "deprecated"},
    ru : {operations : "Запросы", schemas : "Что внутри документов", parameters : "Параметры", body : "Тело", answers : "Ответы",
          required : "обязателен", example : "Пример", other : "прочее", source : "описание для программ", token : "без ключа",
          turn : "in English", turned : "en", deprecated : "устарело"},
}[language];

const escaped = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
// A little of Markdown: code, bold, links.
const inline = (text) => escaped(text).replace(/`([^`]+)`/g, "<code>$1</code>").replace(/\*\*([^*]+)\*\*/g, "<b>$1</b>")
                             .replace(/\[([^\]]+)\]\((https?:[^)]+)\)/g, '<a href="$2">$1</a>');
const paragraphs = (text) => (text || "").trim().split(/\n\s*\n/).filter(Boolean).map((part) => `<p>${inline(part)}</p>`).join("\n");

const nameOf = (ref) => ref.split("/").pop();
const follow = (node) => node && node.$ref ? node.$ref.slice(2).split("/").reduce((found, part) => found[part], api) : node;
const link = (name) => `<a href="#schema-${name}">${name}</a>`;

// What a schema is, in a few words.
const kind = (schema) => {
    if (!schema)
        return "";
    if (schema.$ref)
        return link(nameOf(schema.$ref));
    if (schema.oneOf || schema.anyOf)
        return (schema.oneOf || schema.anyOf).map(kind).join(" | ");
    if ("const" in schema)
        return `<code>${escaped(JSON.stringify(schema.const))}</code>`;
    if (schema.enum)
        return schema.enum.map((value) => `<code>${escaped(value)}</code>`).join(" ");
    if (schema.type === "array")
        return `[${kind(schema.items)}]`;
    const type = [].concat(schema.type || []).join(" | ") || (schema.contentMediaType ? "bytes" : "");
    return escaped(type + (schema.format ? ` (${schema.format})` : ""));
};

const table = (rows) => rows.length ? `<table>${rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`).join("\n")}</table>` : "";

const properties = (schema) => table(Object.entries(schema.properties || {}).map(([ name, value ]) => {
    const needed = (schema.required || []).includes(name) ? ` <small>${words.required}</small>` : "";
    const inner = value.type && [].concat(value.type).includes("object") && value.properties ? properties(value)
        : value.items && value.items.properties ? properties(value.items) : "";
    return [`<code>${escaped(name)}</code>${needed}`, kind(value), inline(value.description || "") + inner];
}));

const bodyOf = (content) => Object.entries(content || {}).map(([ type, {schema, example} ]) => {
    const shown = example ? `<details><summary>${words.example}</summary><pre>${escaped(JSON.stringify(example, null, 2))}</pre></details>` : "";
    const inner = schema && !schema.$ref && schema.properties ? properties(schema) : "";
    return `<p><code>${escaped(type)}</code> ${kind(schema)}</p>${inner}${shown}`;
}).join("\n");

const parametersOf = (path, operation) => {
    const list = [...(api.paths[path].parameters || []), ...(operation.parameters || [])].map(follow);
    return table(list.map((p) => [`<code>${escaped(p.name)}</code>${p.required ? ` <small>${words.required}</small>` : ""}`,
                                  `<small>${p.in}</small>`, kind(p.schema), inline(p.description || "")]));
};

const answersOf = (operation) => table(Object.entries(operation.responses).map(([ status, given ]) => {
    const answer = follow(given), content = Object.entries(answer.content || {});
    const types = content.map(([ type, {schema} ]) => `${kind(schema) || escaped(type)}`);
    const headers = Object.keys(answer.headers || {}).map((name) => `<code>${escaped(name)}</code>`).join(" ");
    return [`<b>${status === "default" ? words.other : status}</b>`, inline(answer.description), [...new Set(types)].join(" | "), headers];
}));

const summaryOf = (node) => language === "ru" && node["x-summary-ru"] || node.summary;
const described = (node) => paragraphs(language === "ru" && node["x-description-ru"] || node.description);
const verbs = ["get", "post", "put", "patch", "delete", "head", "options"];
const operations = Object.entries(api.paths).flatMap(([ path, item ]) => verbs.filter((verb) => item[verb])
    .map((verb) => ({path, verb, operation : item[verb]})));
const ofTag = (tag) => operations.filter(({operation}) => operation.tags[0] === tag.name);

const show = ({path, verb, operation}) => {
    const parameters = parametersOf(path, operation), body = follow(operation.requestBody);
    const open = operation.security && !operation.security.length ? ` <small>${words.token}</small>` : "";
    return `<details class="operation" id="${operation.operationId}">
<summary><span class="${verb}">${verb.toUpperCase()}</span> <code>${escaped(path)}</code> ${escaped(summaryOf(operation))}${open}</summary>
${described(operation)}
${parameters ? `<h4>${words.parameters}</h4>${parameters}` : ""}
${body ? `<h4>${words.body}</h4>${paragraphs(body.description)}${bodyOf(body.content)}` : ""}
<h4>${words.answers}</h4>${answersOf(operation)}
</details>`;
};

process.stdout.write(`<!doctype html>
<html lang="${language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(api.info.title)}: ${escaped(words.operations)}</title>
<style>
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --blue: #1f5fcb; --green: #1d6f42; --amber: #8a5200; --red: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --blue: #8ab4ff; --green: #6fcf97; --amber: #f2b450; --red: #ff8a80; } }
html { background: Canvas; color: CanvasText; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
a { color: var(--blue); } code, pre { font: 0.9em ui-monospace, monospace; } pre { overflow: auto; background: var(--soft); padding: 0.6rem; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); } h4 { margin: 1rem 0 0.3rem; }
table { border-collapse: collapse; width: 100%; display: block; overflow-x: auto; }
td { border-top: 1px solid var(--line); padding: 0.25rem 0.6rem 0.25rem 0; vertical-align: top; }
code { overflow-wrap: anywhere; } small { opacity: 0.7; } summary { cursor: pointer; padding: 0.3rem 0; }
.operation { overflow-wrap: anywhere; border: 1px solid var(--line); border-radius: 6px; padding: 0 0.8rem; margin: 0.5rem 0; }
.operation > summary > span { display: inline-block; min-width: 4.6em; font: bold 0.8em ui-monospace, monospace; color: var(--blue); }
.operation > summary > .post { color: var(--green); } .operation > summary > .put, .operation > summary > .patch { color: var(--amber); }
.operation > summary > .delete { color: var(--red); }
</style>
<header><h1>${escaped(api.info.title)}</h1>
<p>${escaped(summaryOf(api.info))} <a href="/v4/openapi.yaml">${words.source}</a> · <a href="/docs?lang=${words.turned}" lang="${words.turned}">${words.turn}</a></p>
${described(api.info)}</header>
${api.tags.map((tag) => `<h2 id="tag-${tag.name}">${escaped(tag.name)}</h2>
${described(tag)}
${ofTag(tag).map(show).join("\n")}`).join("\n")}
<h2>${words.schemas}</h2>
${Object.entries(api.components.schemas).map(([ name, schema ]) => `<details class="operation" id="schema-${name}"><summary><code>${name}</code></summary>
${schema.properties ? "" : `<p>${kind(schema)}</p>`}
${paragraphs(schema.description)}
${properties(schema)}</details>`).join("\n")}
</html>
`);
