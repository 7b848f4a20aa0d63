-- Sends one request after another from a file of lines, each once before any comes again: paths for GET, or bodies of JSON
-- for POST. Arguments behind `--`: the file, the path to post to (or `-`), which line to begin with, and perhaps `unique`,
-- which makes each path another one by a number at its end, so that no answer is known from before.
--
-- Prints one line of JSON: what was answered, how fast, and how many answers there were of each kind.

local lines, place = {}, 0
local target = nil
local count = 0
local is_unique = false
local threads = {}

function setup(thread)
  thread:set("number", count)
  count = count + 1
  table.insert(threads, thread)
end

function init(arguments)
  for line in io.lines(arguments[1]) do lines[#lines + 1] = line end
  if arguments[2] and arguments[2] ~= "-" then target = arguments[2] end
  place = tonumber(arguments[3] or "0") + number * math.floor(#lines / 2)
  is_unique = arguments[4] == "unique"
  wrk.headers["Content-Type"] = "application/json"
  answered, shed, other = 0, 0, 0
end

function request()
  place = place + 1
  local line = lines[place % #lines + 1]
  if target then return wrk.format("POST", target, nil, line) end
  if is_unique then line = line .. "%20" .. place end
  return wrk.format("GET", line)
end

function response(status)
  if status == 200 then
    answered = answered + 1
  elseif status == 503 then
    shed = shed + 1
  else
    other = other + 1
  end
end

function done(summary, latency)
  local all = { answered = 0, shed = 0, other = 0 }
  for _, thread in ipairs(threads) do
    for kind in pairs(all) do all[kind] = all[kind] + thread:get(kind) end
  end
  local errors = summary.errors
  io.write(string.format(
    '{"seconds": %.3f, "answered": %d, "shed": %d, "other": %d, "broken": %d, "p50_ms": %.2f, "p99_ms": %.2f}\n',
    summary.duration / 1e6, all.answered, all.shed, all.other,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
