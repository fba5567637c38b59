// SPDX-License-Identifier: Apache-2.0
// The tour by node's fetch, with npm's jsona, a codec: it makes the documents and reads them.
const {Jsona} = require("jsona");
const {base, accept, tour} = require("./tour");
const codec = new Jsona();
const TYPE = "application/vnd.api+json";

tour(async(step) => {
    const headers = {Accept : accept || TYPE, "Content-Type" : TYPE, Authorization : `Token token=${step.key}`};
    const query = new URLSearchParams(step.query).toString();
    const body = step.attributes && JSON.stringify(codec.serialize({stuff : {type : "consumers", ...step.attributes}}));
    const answer = await fetch(base + step.path + (query ? `?${query}` : ""), {method : step.method, headers, body});
    const text = await answer.text();
    const told = {status : answer.status, type : answer.headers.get("content-type"),
                  authenticate : answer.headers.get("www-authenticate"), request_id : answer.headers.get("x-request-id")};
    if (!(told.type || "").startsWith(TYPE))
        return {...told, text : text || undefined};
    const document = JSON.parse(text);
    if (document.errors)
        return {...told, errors : document.errors};
    const read = codec.deserialize(document);
    return {...told, ...(Array.isArray(read) ? {records : read} : {record : read})};
});
