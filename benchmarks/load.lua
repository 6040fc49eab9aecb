-- wrk's script: one Cancel for each bet of a file, each with a new uuid; notes what was answered.
--
-- Arguments: the file of bets ("reference userId" a line), the file for the references answered with
-- error 0, the provider's id, the currency. `done` prints one line of JSON, the last of the output.

local HEAD = "POST %s HTTP/1.1\r\nHost: %s:%s\r\nContent-Type: application/json\r\n"
local BODY = '{"providerId":"%s","userId":"%%s","sessionId":"%s","currency":"%s",'
  .. '"gameId":"Im_60_tumblefortune","gameName":"tumblefortune",'
  .. '"reference":"%%s","uuid":"%%s%%08x"}'

local only_thread

function setup(thread)
  only_thread = thread
end

function init(args)
  math.randomseed(os.time() + tonumber(tostring({}):match("0x(%x+)"), 16))
  references, users = {}, {}
  for line in io.lines(args[1]) do
    local reference, user = line:match("^(%S+) (%S+)$")
    references[#references + 1], users[#users + 1] = reference, user
  end
  answers = assert(io.open(args[2], "w"))
  head = HEAD:format(wrk.path, wrk.host, wrk.port)
  body = BODY:format(args[3], hex(32), args[4])
  series = hex(24)
  -- Globals: `done` reads them from the thread.
  asked, answered, others, exhausted = 0, 0, {}, false
end

function hex(digits)
  return (("0"):rep(digits):gsub("0", function() return ("%x"):format(math.random(0, 15)) end))
end

function request()
  asked = asked + 1
  local reference = references[asked]
  if reference == nil then
    -- No cancel is sent twice: it ends here, and the caller hears of it.
    exhausted = true
    wrk.thread:stop()
    return "GET /healthz HTTP/1.1\r\nHost: " .. wrk.host .. "\r\n\r\n"
  end
  local document = body:format(users[asked], reference, series, asked)
  return head .. "Content-Length: " .. #document .. "\r\n\r\n" .. document
end

function response(status, _, document)
  local code = document:match('"error": ?(%d+)')
  local reference = document:match('"reference": ?"(%x+)"')
  if status == 200 and code == "0" and reference then
    answered = answered + 1
    answers:write(reference, "\n")
  elseif not exhausted then
    local kind = "HTTP " .. status .. (code and (", error " .. code) or "")
    others[kind] = (others[kind] or 0) + 1
  end
end

local function of_others()
  local parts = {}
  for kind, count in pairs(only_thread:get("others")) do
    parts[#parts + 1] = ('"%s": %d'):format(kind, count)
  end
  return "{" .. table.concat(parts, ", ") .. "}"
end

function done(summary, latency)
  local errors = summary.errors
  io.write(([[{"asked": %d, "answered": %d, "others": %s, "exhausted": %s, "seconds": %.6f, ]]):format(
    only_thread:get("asked"), only_thread:get("answered"), of_others(),
    tostring(only_thread:get("exhausted")), summary.duration / 1e6))
  io.write(([["p50_ms": %.3f, "p90_ms": %.3f, "p99_ms": %.3f, "max_ms": %.3f, ]]):format(
    latency:percentile(50) / 1e3, latency:percentile(90) / 1e3, latency:percentile(99) / 1e3,
    latency.max / 1e3))
  io.write(([["lost_connections": %d, "timeouts": %d}]]):format(
    errors.connect + errors.read + errors.write, errors.timeout), "\n")
end
