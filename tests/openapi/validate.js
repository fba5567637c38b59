// SPDX-License-Identifier: Apache-2.0
// Compares what was asked and answered with an OpenAPI 3.1 description; says as JSON what does not fit and what was seen.
// usage: node validate.js OPENAPI.yaml RECORDED.jsonl [--requests]   (--requests: what succeeded must be described, too)
const fs = require("fs");
const zlib = require("zlib");
const YAML = require("yaml");
const Ajv = require("ajv/dist/2020");
const formats = require("ajv-formats");

const [described, recorded] = process.argv.slice(2);
const withRequests = process.argv.includes("--requests");
const api = YAML.parse(fs.readFileSync(described, "utf8"));

// In answers an object has only what is described: what is new must be described first.
const closed = (node) => {
    if (Array.isArray(node))
        return node.map(closed);
    if (!node || typeof node !== "object")
        return node;
    const copy = Object.fromEntries(Object.entries(node).map(([ name, value ]) => [name, name === "example" ? value : closed(value)]));
    if (copy.properties && !("additionalProperties" in copy))
        copy.additionalProperties = false;
    return copy;
};

const checker = (document) => {
    const ajv = new Ajv({strict : false, allErrors : true, validateFormats : true});
    formats(ajv);
    ajv.addSchema({$id : "api", ...document});
    const known = new Map();
    return (pointer, value) => {
        const text = pointer.map((part) => `/${encodeURIComponent(String(part).replace(/~/g, "~0").replace(/\//g, "~1"))}`).join("");
        if (!known.has(text))
            known.set(text, ajv.compile({$ref : `api#${text}`}));
        const check = known.get(text);
        return check(value) ? null : check.errors.slice(0, 4).map((e) => `${e.instancePath} ${e.message} ${JSON.stringify(e.params)}`).join("; ");
    };
};
const answers = checker(closed(api)), requests = checker(api);

// The place that a $ref leads to, and what stands there.
const at = (pointer) => {
    let node = pointer.reduce((found, part) => found && found[part], api);
    if (node && node.$ref) {
        pointer = node.$ref.slice(2).split("/").map((part) => part.replace(/~1/g, "/").replace(/~0/g, "~"));
        node = pointer.reduce((found, part) => found[part], api);
    }
    return {pointer, node};
};

const templates = Object.keys(api.paths).map((path) => ({path, parts : path.split("/")}))
                      .sort((a, b) => a.path.split("{").length - b.path.split("{").length);
const templateOf = (path) => {
    const parts = path.split("/");
    const found = templates.find((t) => t.parts.length === parts.length &&
                                        t.parts.every((part, i) => part.startsWith("{") ? parts[i] !== "" : part === parts[i]));
    return found && found.path;
};

const parametersOf = (path, method) => {
    const lists = [["paths", path], ["paths", path, method]];
    return lists.flatMap((place) => (at([...place, "parameters"]).node || []).map((_, i) => at([...place, "parameters", i])));
};

const bytesOf = (text) => text === null ? null : Buffer.from(text, "base64");
const mediaType = (type) => (type || "").split(";")[0].trim().toLowerCase();
const isJson = (type) => /[/+]json$/.test(type);

const checkHeaders = (place, sent) => {
    const faults = [];
    for (const name of Object.keys(place.node.headers || {})) {
        const {pointer, node} = at([...place.pointer, "headers", name]);
        let value = sent[name.toLowerCase()];
        if (value === undefined) {
            if (node.required)
                faults.push(`the header ${name} is missing`);
            continue;
        }
        const type = (node.schema.$ref ? at([...pointer, "schema"]).node : node.schema).type;
        if (type === "integer" && /^-?\d+$/.test(value))
            value = Number(value);
        const fault = answers([...pointer, "schema"], value);
        if (fault)
            faults.push(`header ${name}: ${fault}`);
    }
    return faults;
};

const checkBody = (place, method, sent, body, check) => {
    const content = place.node.content, type = mediaType(sent["content-type"]);
    if (method === "head" || body === null)
        return [];
    if (!body.length)
        return !content || place.node["x-body-optional"] ? [] : ["the body is empty"];
    if (!content || !content[type])
        return [`a body of type '${type}' is not described`];
    if (!content[type].schema)
        return [];
    let value = body.toString("utf8");
    if (isJson(type)) {
        try {
            value = JSON.parse(value);
        } catch (e) {
            return [String(e)];
        }
    }
    const fault = check([...place.pointer, "content", type, "schema"], value);
    return fault ? [`body: ${fault}`] : [];
};

const checkRequest = (path, method, told) => {
    const faults = [], named = new Set();
    for (const {pointer, node} of parametersOf(path, method)) {
        if (node.in !== "query")
            continue;
        const schema = at([...pointer, "schema"]).node;
        for (const name of schema.properties ? Object.keys(schema.properties) : [node.name])
            named.add(name);
    }
    for (const name of new URLSearchParams(told.target.split("?")[1] || "").keys())
        if (!named.has(name))
            faults.push(`the parameter '${name}' is not described`);
    const sent = Object.fromEntries(Object.entries(told.request_headers).map(([ name, value ]) => [name.toLowerCase(), value]));
    const place = at(["paths", path, method, "requestBody"]), body = bytesOf(told.request_body);
    if (body && body.length && !(place.node && mediaType(sent["content-type"]).startsWith("multipart/")))
        faults.push(...place.node ? checkBody(place, method, sent, body, requests) : ["a request body is not described"]);
    return faults;
};

const faults = [], lines = [], seen = {}; // lines: of each fault, from 0
let outside = 0;
for (const [number, line] of fs.readFileSync(recorded, "utf8").split("\n").filter(Boolean).entries()) {
    const told = JSON.parse(line), method = told.method.toLowerCase();
    const path = templateOf(told.target.split("?")[0]);
    // HEAD goes with GET, without its body.
    const verb = path && !api.paths[path][method] && method === "head" ? "get" : method;
    const fault = (what) => lines.push(number) && faults.push(`${told.method} ${told.target} ${told.status}: ${what}`);
    const sent = Object.fromEntries(told.headers.map(([ name, value ]) => [name.toLowerCase(), value]));
    if (!path || !api.paths[path][verb]) {
        outside++;
        if (told.status < 400)
            fault("the operation is not described");
        continue;
    }
    const operation = ["paths", path, verb], responses = at(operation).node.responses;
    const key = String(told.status) in responses ? String(told.status) : "default";
    const name = `${verb.toUpperCase()} ${path}`;
    seen[name] = seen[name] || {};
    seen[name][key] = (seen[name][key] || 0) + 1;
    if (key === "default" && (told.status < 400 || !responses.default)) {
        fault("the status is not described");
        continue;
    }
    const place = at([...operation, "responses", key]);
    const packed = bytesOf(told.body), body = packed && packed.length && sent["content-encoding"] === "gzip" ? zlib.gunzipSync(packed) : packed;
    const found = [...checkHeaders(place, sent), ...checkBody(place, method, sent, body, answers)];
    if (!/^[\w.-]{1,200}$/.test(sent["x-request-id"] || ""))
        found.push("the header X-Request-Id is missing");
    if (withRequests && told.status < 400)
        found.push(...checkRequest(path, verb, told));
    found.forEach(fault);
}

const operations = {};
for (const path of Object.keys(api.paths))
    for (const verb of ["get", "put", "post", "patch", "delete", "head", "options"])
        if (api.paths[path][verb])
            operations[`${verb.toUpperCase()} ${path}`] = Object.keys(api.paths[path][verb].responses);
process.stdout.write(JSON.stringify({faults, lines, seen, outside, operations}) + "\n");
