// Examples that run as they stand, with the address of this server and a token in them.  They use nothing but what each
// language brings along.  No framework, no DOM: a test runs each of them against a server.

export const OPERATIONS = ["create", "update", "import", "find"] as const;
export type Operation = (typeof OPERATIONS)[number];
export const LANGUAGES = ["curl", "php", "ruby", "python", "javascript"] as const;
export type ExampleLanguage = (typeof LANGUAGES)[number];

const NEW = `{
  "data": {
    "type": "consumers",
    "attributes": {
      "external_id": "347771386",
      "name": "Анна Петрова",
      "email": "anna@example.com",
      "custom_attributes": {
        "orders_count": "12",
        "ltv": "27456",
        "region": "74"
      }
    }
  }
}`;
const CHANGED = `{
  "data": {
    "type": "consumers",
    "attributes": {
      "custom_attributes": {
        "ltv": "37456"
      }
    }
  }
}`;
const FIND = "/v4/consumers?filter=custom_attributes.region:eq:74&sort=-created_at";

function indented(text: string, by: string): string {
    return text.split("\n").join(`\n${by}`);
}

function curl(operation: Operation, host: string, token: string): string {
    const head = `API_TOKEN=${token}\n`;
    const auth = `-H "Authorization: Token token=$API_TOKEN"`;
    const json = `-H "Content-Type: application/vnd.api+json" \\\n  ${auth}`;
    switch (operation) {
        case "create":
            return `${head}curl -X POST ${json} \\\n  --url ${host}/v4/consumers \\\n  -d '${NEW}'`;
        case "update":
            return `${head}curl -X PUT ${json} \\\n  --url ${host}/v4/consumers/347771386 \\\n  -d '${CHANGED}'`;
        case "import":
            return `${head}curl -X POST ${auth} \\\n  --url ${host}/v4/import_tasks \\\n  -F file=@clients.csv`;
        case "find":
            return `${head}curl ${auth} \\\n  --url "${host}${FIND}"`;
    }
}

/** The JSON as an array of PHP. */
function phpArray(json: string): string {
    return json.replace(/\{/g, "[").replace(/\}/g, "]").replace(/": /g, '" => ');
}

function php(operation: Operation, host: string, token: string): string {
    const write = (method: string, path: string, json: string) => `<?php
const API_TOKEN = "${token}";

$document = ${phpArray(json)};

$request = curl_init("${host}${path}");
curl_setopt_array($request, [
    CURLOPT_CUSTOMREQUEST => "${method}",
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_HTTPHEADER => [
        "Authorization: Token token=" . API_TOKEN,
        "Content-Type: application/vnd.api+json",
    ],
    CURLOPT_POSTFIELDS => json_encode($document),
]);
$answer = curl_exec($request);
echo curl_getinfo($request, CURLINFO_RESPONSE_CODE), "\\n", $answer, "\\n";`;
    switch (operation) {
        case "create":
            return write("POST", "/v4/consumers", NEW);
        case "update":
            return write("PUT", "/v4/consumers/347771386", CHANGED);
        case "import":
            return `<?php
const API_TOKEN = "${token}";

$request = curl_init("${host}/v4/import_tasks");
curl_setopt_array($request, [
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_HTTPHEADER => ["Authorization: Token token=" . API_TOKEN],
    CURLOPT_POSTFIELDS => ["file" => new CURLFile("clients.csv")],
]);
$answer = curl_exec($request);
echo curl_getinfo($request, CURLINFO_RESPONSE_CODE), "\\n", $answer, "\\n";`;
        case "find":
            return `<?php
const API_TOKEN = "${token}";

$request = curl_init("${host}${FIND}");
curl_setopt_array($request, [
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_HTTPHEADER => ["Authorization: Token token=" . API_TOKEN],
]);
$answer = json_decode(curl_exec($request), true);
foreach ($answer["data"] as $consumer) {
    echo $consumer["id"], " ", $consumer["attributes"]["email"], "\\n";
}`;
    }
}

/** The JSON as a Hash of Ruby. */
function rubyHash(json: string): string {
    return json.replace(/"(\w+)": /g, "$1: ");
}

function ruby(operation: Operation, host: string, token: string): string {
    const open = (method: string, path: string) => `require "json"
require "net/http"

API_TOKEN = "${token}"

uri = URI("${host}${path}")
request = Net::HTTP::${method}.new(uri)
request["Authorization"] = "Token token=#{API_TOKEN}"
`;
    const close = `
answer = Net::HTTP.start(uri.host, uri.port, use_ssl: uri.scheme == "https") do |http|
  http.request(request)
end
`;
    const write = (
        method: string,
        path: string,
        json: string,
    ) => `${open(method, path)}request["Content-Type"] = "application/vnd.api+json"
request.body = JSON.generate(${rubyHash(json)})
${close}puts answer.code, answer.body`;
    switch (operation) {
        case "create":
            return write("Post", "/v4/consumers", NEW);
        case "update":
            return write("Put", "/v4/consumers/347771386", CHANGED);
        case "import":
            return `${open("Post", "/v4/import_tasks")}request.set_form([["file", File.open("clients.csv")]], "multipart/form-data")
${close}puts answer.code, answer.body`;
        case "find":
            return `${open("Get", FIND)}${close}JSON.parse(answer.body)["data"].each do |consumer|
  puts "#{consumer["id"]} #{consumer["attributes"]["email"]}"
end`;
    }
}

function python(operation: Operation, host: string, token: string): string {
    const head = `import json
import urllib.request

API_TOKEN = "${token}"
`;
    const write = (method: string, path: string, json: string) => `${head}
document = ${json}
request = urllib.request.Request(
    "${host}${path}",
    method="${method}",
    data=json.dumps(document).encode(),
    headers={
        "Authorization": "Token token=" + API_TOKEN,
        "Content-Type": "application/vnd.api+json",
    },
)
with urllib.request.urlopen(request) as answer:
    print(answer.status, answer.read().decode())`;
    switch (operation) {
        case "create":
            return write("POST", "/v4/consumers", NEW);
        case "update":
            return write("PUT", "/v4/consumers/347771386", CHANGED);
        case "import":
            return `import urllib.request

API_TOKEN = "${token}"

with open("clients.csv", "rb") as file:
    request = urllib.request.Request(
        "${host}/v4/import_tasks?file_name=clients.csv",
        data=file.read(),
        headers={
            "Authorization": "Token token=" + API_TOKEN,
            "Content-Type": "text/csv",
        },
    )
with urllib.request.urlopen(request) as answer:
    print(answer.status, answer.read().decode())`;
        case "find":
            return `${head}
request = urllib.request.Request(
    "${host}${FIND}",
    headers={"Authorization": "Token token=" + API_TOKEN},
)
with urllib.request.urlopen(request) as answer:
    for consumer in json.load(answer)["data"]:
        print(consumer["id"], consumer["attributes"]["email"])`;
    }
}

/** The JSON as an object of JavaScript. */
function jsObject(json: string): string {
    return json.replace(/"(\w+)": /g, "$1: ");
}

function javascript(operation: Operation, host: string, token: string): string {
    const write = (method: string, path: string, json: string) => `const API_TOKEN = "${token}";

async function main() {
  const answer = await fetch("${host}${path}", {
    method: "${method}",
    headers: {
      Authorization: \`Token token=\${API_TOKEN}\`,
      "Content-Type": "application/vnd.api+json",
    },
    body: JSON.stringify(${indented(jsObject(json), "    ")}),
  });
  console.log(answer.status, await answer.text());
}

main();`;
    switch (operation) {
        case "create":
            return write("POST", "/v4/consumers", NEW);
        case "update":
            return write("PUT", "/v4/consumers/347771386", CHANGED);
        case "import":
            return `const { readFile } = require("node:fs/promises");

const API_TOKEN = "${token}";

async function main() {
  const form = new FormData();
  form.set("file", new Blob([await readFile("clients.csv")]), "clients.csv");
  const answer = await fetch("${host}/v4/import_tasks", {
    method: "POST",
    headers: { Authorization: \`Token token=\${API_TOKEN}\` },
    body: form,
  });
  console.log(answer.status, await answer.text());
}

main();`;
        case "find":
            return `const API_TOKEN = "${token}";

async function main() {
  const answer = await fetch("${host}${FIND}", {
    headers: { Authorization: \`Token token=\${API_TOKEN}\` },
  });
  const { data } = await answer.json();
  for (const consumer of data) console.log(consumer.id, consumer.attributes.email);
}

main();`;
    }
}

const writers = { curl, php, ruby, python, javascript };

/** An example of an operation in a language; host: "https://example.com", without a slash at its end. */
export function example(
    language: ExampleLanguage,
    operation: Operation,
    host: string,
    token: string,
): string {
    return writers[language](operation, host, token);
}
