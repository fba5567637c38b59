// SPDX-License-Identifier: Apache-2.0
// The tour by npm's kitsu, a JSON:API library: it updates with PATCH, and throws what is not 2xx.
const {base, accept, tour} = require("./tour");

const play = async(api, step) => {
    const [, model, id] = step.path.split("/");
    const config = {params : step.query, headers : {Authorization : `Token token=${step.key}`}};
    if (step.method === "GET")
        return api.get(id ? `${model}/${id}` : model, config);
    if (step.method === "POST")
        return api.create(model, step.attributes, config);
    if (step.method === "DELETE")
        return api.delete(model, id, config);
    if (step.upsert) // it has no word for that
        return api.request({method : "PUT", url : `${model}/${id}`, type : model, body : {...step.attributes, id},
                            headers : config.headers});
    return api.update(model, {...step.attributes, id}, config);
};

const told = (status, headers, more) => ({
    status,
    type : headers["content-type"],
    authenticate : headers["www-authenticate"],
    request_id : headers["x-request-id"],
    ...more
});

const main = async() => {
    const {default : Kitsu} = await import("kitsu");
    const api = new Kitsu({baseURL : base, pluralize : false, camelCaseTypes : false, resourceCase : "none",
                           headers : accept ? {Accept : accept} : {}});
    await tour(async(step) => {
        try {
            const {data, status, headers} = await play(api, step);
            return told(status, headers, Array.isArray(data) ? {records : data} : data ? {record : data} : {});
        } catch (error) {
            if (!error.response)
                throw error;
            const text = typeof error.response.data === "string" ? error.response.data : undefined;
            return told(error.response.status, error.response.headers, {errors : error.errors, text : text || undefined});
        }
    });
};
main();
