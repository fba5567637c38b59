# SPDX-License-Identifier: Apache-2.0
# The tour by Ruby's net/http.  usage: ruby net_http.rb BASE_URL KEY [ACCEPT]
require "json"
require "net/http"

base, key, accept = ARGV
TYPE = "application/vnd.api+json"
came = {}

def flat(resource)
  { "id" => resource["id"], "type" => resource["type"] }.merge(resource["attributes"])
end

def play(step, url, key, accept)
  request = Net::HTTP.const_get(step["method"].capitalize).new(url)
  request["Accept"] = accept
  request["Content-Type"] = TYPE
  request["Authorization"] = "Token token=#{key}"
  request.body = { data: { type: "consumers", attributes: step["attributes"] } }.to_json if step["attributes"]
  answer = Net::HTTP.start(url.host, url.port) { |http| http.request(request) }
  told = { status: answer.code.to_i, type: answer["Content-Type"], authenticate: answer["WWW-Authenticate"],
           request_id: answer["X-Request-Id"] }
  body = answer.body.to_s.dup.force_encoding("UTF-8")
  return told.merge(body.empty? ? {} : { text: body }) unless answer["Content-Type"].to_s.start_with?(TYPE)
  document = JSON.parse(body)
  return told.merge(errors: document["errors"]) if document["errors"]
  data = document["data"]
  told.merge(data.is_a?(Array) ? { records: data.map { |one| flat(one) } } : { record: flat(data) })
end

JSON.parse(File.read(File.join(__dir__, "tour.json"), encoding: "UTF-8")).each do |step|
  fill = ->(text) { text.to_s.gsub(/{(\w+)\.(\w+)}/) { came[$1][:record][$2] } }
  url = URI(base + fill.call(step["path"]))
  url.query = URI.encode_www_form(step["query"].transform_values(&fill)) if step["query"]
  came[step["step"]] = play(step, url, step["key"] || key, accept || TYPE)
  puts({ step: step["step"] }.merge(came[step["step"]]).to_json)
end
