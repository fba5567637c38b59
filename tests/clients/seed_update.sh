API_TOKEN=xxxxxxxxxxxx
curl -X PUT -H "Content-Type: application/vnd.api+json" \
-H "Authorization: Token token=$API_TOKEN" \
--url http://api.aplaut.io/v4/consumers/347771386 \
-d '{
"data": {
"type": "consumers",
"attributes": {
"custom_attributes": {
"ltv": '37456'
}
}
}
}'
