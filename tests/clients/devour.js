// SPDX-License-Identifier: Apache-2.0
// The tour by npm's devour-client, a JSON:API library: it updates with PATCH, and its own code reads the errors of an
// answer.  What it makes of them is `thrown`; an array is what it needs.
const JsonApi = require("devour-client");
const {base, accept, tour} = require("./tour");
const NAMES = [
    "email", "phone", "name", "first_name", "custom_attributes", "avatar_url", "external_id", "created_at", "updated_at",
    "unsubscribed", "permanent_failed", "complained"
];

const api = new JsonApi({apiUrl : base, pluralize : false, logger : false});
api.define("consumers", Object.fromEntries(NAMES.map((name) => [name, ""])));
let last; // the answer as it came, for it shows neither status nor headers
api.axios.interceptors.response.use((response) => (last = response), (error) => {
    last = error.response;
    return Promise.reject(error);
});

const play = (step) => {
    const [, model, id] = step.path.split("/");
    api.headers = {Authorization : `Token token=${step.key}`};
    if (accept)
        api.headers.Accept = accept;
    if (step.method === "GET")
        return id ? api.find(model, id, step.query) : api.findAll(model, step.query);
    if (step.method === "POST")
        return api.create(model, step.attributes);
    if (step.method === "DELETE")
        return api.destroy(model, id);
    if (step.upsert) // it has no word for that, and does not read the answer
        return api.request(`${base}/${model}/${id}`, "PUT", {}, {data : {type : model, id, attributes : step.attributes}})
            .then(({document}) => ({data : {id : document.data.id, type : document.data.type, ...document.data.attributes}}));
    return api.update(model, {...step.attributes, id});
};

tour(async(step) => {
    let more = {};
    try {
        const {data} = await play(step);
        more = Array.isArray(data) ? {records : data} : data ? {record : data} : {};
    } catch (thrown) {
        more.thrown = thrown instanceof Error ? String(thrown) : thrown;
        more.errors = last.data && last.data.errors;
        more.text = typeof last.data === "string" && last.data ? last.data : undefined;
    }
    const headers = last.headers;
    return {status : last.status, type : headers["content-type"], authenticate : headers["www-authenticate"],
            request_id : headers["x-request-id"], ...more};
});
