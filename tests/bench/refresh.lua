-- Refreshes sessions: every answer's refresh token is the next to be used. The
-- file with the first tokens holds one for each connection and some more: wrk asks
-- for a request once before it begins, and throws it away.
local thread_count = 0
function setup(thread)
  thread:set("id", thread_count)
  thread_count = thread_count + 1
end

function init(args)
  waiting, first, last, failed = {}, 1, 0, 0
  local threads, line = tonumber(args[2]), 0
  for token in io.lines(args[1]) do
    if line % threads == id then last = last + 1; waiting[last] = token end
    line = line + 1
  end
  headers = { ["Content-Type"] = "application/x-www-form-urlencoded" }
end

function request()
  local token = waiting[first]
  waiting[first] = nil
  first = first + 1
  return wrk.format("POST", "/oauth2/token", headers,
    "grant_type=refresh_token&client_id=web&refresh_token=" .. token)
end

function response(status, _, answer)
  local token = answer:match('"refresh_token":"([^"]+)"')
  if token then
    last = last + 1
    waiting[last] = token
  else
    failed = failed + 1
    if failed == 1 then io.stderr:write("answered ", status, ": ", answer:sub(1, 300), "\n") end
  end
end

function done(summary, latency)
  io.write(string.format("RESULT %.0f %.2f %d\n",
    summary.requests / (summary.duration / 1e6), latency:percentile(99) / 1000, summary.errors.status))
end
