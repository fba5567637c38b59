// SPDX-License-Identifier: Apache-2.0
// The tour by npm's unirest, with the headers of the vendor's own samples.
const unirest = require("unirest");
const {base, accept, told, tour} = require("./tour");
const TYPE = "application/vnd.api+json";

tour((step) => new Promise((resolve) => {
    const headers = {Accept : accept || TYPE, "Content-Type" : TYPE, Authorization : `Token token=${step.key}`};
    const request = unirest(step.method, base + step.path, headers).query(step.query);
    if (step.attributes)
        request.send({data : {type : "consumers", attributes : step.attributes}});
    request.end((answer) => resolve(told(answer.status, answer.headers, answer.body)));
}));
