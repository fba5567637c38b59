// SPDX-License-Identifier: Apache-2.0
// What the drivers written in JavaScript share: the steps of tour.json, and telling what came of each, an object a line.
// usage of a driver: node DRIVER.js BASE_URL KEY [ACCEPT]
const fs = require("fs");
const path = require("path");

const [base, key, accept] = process.argv.slice(2);

// {create.id} is the id that came of the step "create".
const filled = (text, came) => text.replace(/{(\w+)\.(\w+)}/g, (_, step, name) => came[step].record[name]);

// A resource as the flat object that most libraries make of it.
const flat = (resource) => ({id : resource.id, type : resource.type, ...resource.attributes});

// What an answer says, from its parts: document is what was read of the body, or its text.
const told = (status, headers, document) => {
    const answer = {status, type : headers["content-type"], authenticate : headers["www-authenticate"],
                    request_id : headers["x-request-id"]};
    if (document && document.errors)
        answer.errors = document.errors;
    else if (document && Array.isArray(document.data))
        answer.records = document.data.map(flat);
    else if (document && document.data)
        answer.record = flat(document.data);
    else if (typeof document === "string" && document)
        answer.text = document;
    return answer;
};

// Plays every step, one after another: play() takes a step with its path, query and key filled in, and promises what came.
const tour = async(play) => {
    const came = {};
    for (const given of JSON.parse(fs.readFileSync(path.join(__dirname, "tour.json"), "utf8"))) {
        const query = Object.entries(given.query || {}).map(([ name, value ]) => [name, filled(String(value), came)]);
        const step = {...given, key : given.key || key, path : filled(given.path, came), query : Object.fromEntries(query)};
        came[step.step] = await play(step);
        process.stdout.write(JSON.stringify({step : step.step, ...came[step.step]}) + "\n");
    }
};

module.exports = {
    base,
    accept,
    told,
    tour
};
