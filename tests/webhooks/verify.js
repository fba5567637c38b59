// SPDX-License-Identifier: Apache-2.0
// Reads {"secret", "headers", "body"} as JSON lines and says of each whether the signature holds, and of a changed body.
"use strict";
const readline = require("readline");
const { Webhook } = require("standardwebhooks");

function holds(secret, body, headers) {
    try {
        new Webhook(secret).verify(body, headers);
        return true;
    } catch {
        return false;
    }
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
    const { secret, headers, body } = JSON.parse(line);
    console.log(JSON.stringify([holds(secret, body, headers), holds(secret, body + " ", headers)]));
});
