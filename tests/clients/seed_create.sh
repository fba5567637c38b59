API_TOKEN=xxxxxxxxxxxx
curl -X POST -H "Content-Type: application/vnd.api+json" \
-H "Authorization: Token token=$API_TOKEN" \
--url http://api.aplaut.io/v4/consumers \
-d '{
"data": {
"type": "consumers",
"attributes": {
"external_id": "347771386",
"name": "Александр Лукашенко",
"email": "luka@president.by",
"custom_attributes": {
"orders_count": "12",
"ltv": "27456",
"region": "74"
}
}
}
}'
