import type { ru } from "../ru/help.ts";

export const en: typeof ru = {
    title: "Import of customers",
    path: ["Company settings", "Data import"],
    twoWays: "Customers can come in two ways:",
    inFile: "In a file",
    byApi: "By the API",
    language: "Programming language",
    operations: { create: "Adding", update: "Updating", import: "A file by the API", find: "Finding" },

    fileText: (limit: string) =>
        `A CSV or XLSX file is uploaded at “Company settings → Data import → Customers”. It may have up to ${limit}. The best encoding of a CSV is UTF-8; if it was saved in another one, you are shown several and choose the one in which the text can be read. What separates the columns is found by itself.`,
    fileColumns: "Required columns (the first row of the table):",
    columns: {
        external_id: "external identifier: the number of the customer in your system",
        email: "e-mail",
        name: "name",
        phone: "phone",
        created_at: "date of creation, such as 2018-01-01 00:11:22",
    },
    exampleFile: "Example of a file",
    sampleName: "Anna Petrova",
    rules: [
        "All other columns become custom attributes (custom_attributes). Which column becomes what can be changed before the import.",
        "A file can update customers, too: a row whose external_id is there updates that customer.",
        "A blank cell changes nothing. If it shall clear the former value, that can be chosen before the import.",
        "Save phones and long numbers in Excel as text: otherwise 79001234567 turns into 7.9E+10.",
        "A time without a zone is the company's time.",
    ],
    sample: "Download a sample with your company's attributes:",
    whatHappens:
        "After the upload the file is checked without writing: you see who is added, who changes and how, and which rows have errors. Nothing comes into the database until you press “Import”; afterwards the import can be undone.",
    toPlace: "Upload a file",

    apiText: (host: string) =>
        `Platform API v4 is at ${host}/v4. Any HTTP client will do; the examples below need no library.`,
    docs: "Documentation of the API",
    keyText:
        "The key is a token of the company. Choose a token to fill it into the examples: your password is asked for.",
    keyAsk: "The key is a token of the company; an administrator of the company gives it to you.",
    tokens: "Tokens",
    token: "Token in the examples",
    noToken: "none",
    createText: "To add a customer, use the HTTP method POST.",
    createAfter:
        "If the customer is there already, the answer has the code 422. If you do not know whether the customer was added, use an update.",
    updateText:
        "To update a customer (attributes, for example), use the HTTP method PUT with the external_id in the address.",
    updateAfter:
        "If a customer who is not there is updated, one is created with the external_id 347771386 (of the example). Attributes that the request does not have stay.",
    importText: "A program can send a file, too: the import starts by itself, and the answer has its number.",
};
