-- wrk: reads customers by their external ids, given as prefix and highest number; without a token, one fixed path.
local threads = 0
function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end
function init(args)
  token, first, last = args[1], tonumber(args[2]), tonumber(args[3])
  math.randomseed(number + 1)
  headers = { ["Authorization"] = "Token token=" .. token }
end
function request()
  return wrk.format("GET", "/v4/consumers/" .. string.format("%d", math.random(first, last)), headers)
end
function done(summary, latency)
  io.write(string.format('RESULT {"requests":%d,"seconds":%.3f,"p50_ms":%.2f,"p99_ms":%.2f,"errors":%d}\n', summary.requests,
    summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout + summary.errors.status))
end
