-- wrk: each request creates a customer who was not there before.
local all = {}
function setup(thread)
  thread:set("number", #all)
  all[#all + 1] = thread
end
function init(args)
  token, prefix, count = args[1], args[2], 0
  if args[3] then delay = function() return tonumber(args[3]) end end -- ms between a connection's requests
  headers = { ["Content-Type"] = "application/vnd.api+json", ["Authorization"] = "Token token=" .. token }
  created, refused = 0, 0
end
function request()
  count = count + 1
  local key = string.format("%s-%d-%09d", prefix, number, count)
  return wrk.format("POST", "/v4/consumers", headers, '{"data":{"type":"consumers","attributes":{"external_id":"'
    .. key .. '","name":"Александр Петров","email":"' .. key .. '@example.com",'
    .. '"custom_attributes":{"orders_count":"12","ltv":"27456","region":"74"}}}}')
end
function response(status)
  if status == 201 then created = created + 1 else refused = refused + 1 end
end
function done(summary, latency)
  local created, refused = 0, 0
  for _, thread in ipairs(all) do
    created = created + thread:get("created")
    refused = refused + thread:get("refused")
  end
  io.write(string.format('RESULT {"requests":%d,"created":%d,"refused":%d,"seconds":%.3f,"p50_ms":%.2f,"p99_ms":%.2f,"errors":%d}\n',
    summary.requests, created, refused, summary.duration / 1e6, latency:percentile(50) / 1000,
    latency:percentile(99) / 1000, summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
