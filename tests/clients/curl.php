<?php
// SPDX-License-Identifier: Apache-2.0
// The tour by PHP's curl extension.  usage: php curl.php BASE_URL KEY [ACCEPT]
[, $base, $key] = $argv;
$type = "application/vnd.api+json";
$came = [];

function flat($resource)
{
    return ["id" => $resource->id, "type" => $resource->type] + (array) $resource->attributes;
}

function play($step, $url, $key, $accept)
{
    global $type;
    $headers = [];
    $curl = curl_init($url);
    curl_setopt_array($curl, [
        CURLOPT_CUSTOMREQUEST => $step->method,
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_HTTPHEADER => ["Accept: $accept", "Content-Type: $type", "Authorization: Token token=$key"],
        CURLOPT_HEADERFUNCTION => function ($curl, $line) use (&$headers) {
            [$name, $value] = explode(":", $line, 2) + [1 => ""];
            $headers[strtolower($name)] = trim($value);
            return strlen($line);
        },
    ]);
    if (isset($step->attributes)) {
        $document = ["data" => ["type" => "consumers", "attributes" => $step->attributes]];
        curl_setopt($curl, CURLOPT_POSTFIELDS, json_encode($document));
    }
    $body = curl_exec($curl);
    $told = [
        "status" => curl_getinfo($curl, CURLINFO_RESPONSE_CODE),
        "type" => $headers["content-type"] ?? null,
        "authenticate" => $headers["www-authenticate"] ?? null,
        "request_id" => $headers["x-request-id"] ?? null,
    ];
    $document = json_decode($body);
    if (!$document) {
        return $told + ($body === "" ? [] : ["text" => $body]);
    }
    if (isset($document->errors)) {
        return $told + ["errors" => $document->errors];
    }
    return $told + (is_array($document->data) ? ["records" => array_map("flat", $document->data)] : ["record" => flat($document->data)]);
}

foreach (json_decode(file_get_contents(__DIR__ . "/tour.json")) as $step) {
    $fill = fn($text) => preg_replace_callback("/{(\w+)\.(\w+)}/", fn($found) => $came[$found[1]]["record"][$found[2]], $text);
    $query = http_build_query(array_map($fill, array_map("strval", (array) ($step->query ?? []))));
    $url = $base . $fill($step->path) . ($query ? "?$query" : "");
    $came[$step->step] = play($step, $url, $step->key ?? $key, $argv[3] ?? $type);
    echo json_encode(["step" => $step->step] + $came[$step->step], JSON_UNESCAPED_UNICODE), "\n";
}
