// SPDX-License-Identifier: Apache-2.0
// Uploads a file with tus-js-client and tells what happens, a JSON object a line.
// usage: node upload.js ENDPOINT FILE TOKEN CHUNK_BYTES METADATA_JSON   (0: all in one request)
const fs = require("fs");
const tus = require("tus-js-client");

const [endpoint, file, token, chunk, metadata] = process.argv.slice(2);
const say = (what) => process.stdout.write(JSON.stringify(what) + "\n");

const upload = new tus.Upload(fs.createReadStream(file), {
    endpoint,
    chunkSize : Number(chunk) || Infinity,
    uploadSize : fs.statSync(file).size,
    retryDelays : Array(60).fill(200),
    headers : {Authorization : `Token token=${token}`},
    metadata : JSON.parse(metadata),
    onUploadUrlAvailable : () => say({url : upload.url}),
    onChunkComplete : (size, accepted) => say({accepted}),
    onAfterResponse : (request, response) => say({
        method : request.getMethod(),
        status : response.getStatus(),
        offset : response.getHeader("Upload-Offset"),
        task : response.getHeader("Import-Task"),
    }),
    onShouldRetry : (error) => {
        const status = error.originalResponse ? error.originalResponse.getStatus() : 0;
        say({retry : String(error.message).slice(0, 200)});
        return status === 0 || status >= 500 || status === 409 || status === 423;
    },
    onSuccess : () => say({done : true}),
    onError : (error) => {
        say({failed : String(error)});
        process.exitCode = 1;
    },
});
upload.start();
