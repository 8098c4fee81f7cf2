-- Submits an application in one request: token, idempotency key, validation,
-- case number, history, receipt, outbox. Every request is a new application.
local thread_count = 0
function setup(thread)
  thread:set("id", thread_count)
  thread_count = thread_count + 1
end

function init(args)
  token, guide, reason = args[1], args[2], args[3]
  sent, refused = 0, 0
  seed = string.format("%x-%x-%x", os.time(), id, math.floor(os.clock() * 1e9))
  body = '{"guide_code":"' .. guide .. '","submit":true,"facts":{' ..
    '"last_employer":"铜陵示例铜材有限公司","separation_date":"2026-01-05","separation_reason":"' .. reason .. '",' ..
    '"contribution_months":61,"employer_reported":true,"registered_unemployed":true,"drew_before":false,' ..
    '"home_address":{"region":"340705005002","detail":"开源路1号2栋303室"},"account_number":"622202123456789012",' ..
    '"mobile":"13900000001","seeks_work":true,"report_changes":true}}'
  headers = {
    ["Authorization"] = "Bearer " .. token,
    ["Content-Type"] = "application/json",
  }
end

function request()
  sent = sent + 1
  headers["Idempotency-Key"] = seed .. "-" .. sent
  return wrk.format("POST", "/api/v1/cases", headers, body)
end

function response(status, _, answer)
  if status ~= 201 then
    refused = refused + 1
    if refused == 1 then io.stderr:write("answered ", status, ": ", answer:sub(1, 600), "\n") end
  end
end

function done(summary, latency)
  io.write(string.format("RESULT %.0f %.2f %d\n",
    summary.requests / (summary.duration / 1e6), latency:percentile(99) / 1000, summary.errors.status))
end
