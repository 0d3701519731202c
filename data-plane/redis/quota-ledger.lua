-- The shared side of quotas: counters per window, changed for all of a call's holds at once or not at all.
-- One script with three orders, so that one hash is loaded:
--   take    takes what is needed of every counter, and a little more as a lease; or nothing where a hard limit is in the way
--   adjust  adds to the counters (debt) or gives back (unused leases), each only in its own window
--   cancel  undoes a take whose answer was lost, and stops it where it has not run yet
-- Each effect leaves its answer under its own key, so that a repeat answers the same and does nothing.
--
-- KEYS[1]   effect key; KEYS[2..]  counter hashes { window, used }
-- ARGV[1]   order   ARGV[2]  how long the effect is remembered, in milliseconds
-- take:   for each counter  window, limit, hard (1 or 0), need, more, debt, debt's window, seen, seen's window
--         answers { 1 granted | 0 denied | -1 cancelled, position of the binding counter or 0,
--                   then for each counter: window, ms left, used, taken, debt taken in }
-- adjust: for each counter  window kind, window, amount, seen. Answers { 1 }
-- cancel: for each counter  window kind. Answers { 1 undone | 0 had not run }
-- Time is this server's. A counter that is gone although the asker has seen it (FLUSHALL) starts from what was seen.

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local length = { second = 1000, minute = 60000, hour = 3600000, day = 86400000, month = 2678400000 }

-- Months since 1970 of a day since 1970, and the first day of a month (days_from_civil, Howard Hinnant).
local function first_day(month)
  local year = 1970 + math.floor(month / 12)
  local m = month % 12 + 1
  if m <= 2 then year = year - 1 end
  local era = math.floor(year / 400)
  local yoe = year - era * 400
  local doy = math.floor((153 * (m + (m > 2 and -3 or 9)) + 2) / 5)
  local doe = yoe * 365 + math.floor(yoe / 4) - math.floor(yoe / 100) + doy
  return era * 146097 + doe - 719468
end

local function month_of(day)
  local month = math.floor(day / 30.4369) - 1
  while first_day(month + 1) <= day do month = month + 1 end
  return month
end

local function window_at(kind)
  if kind == 'month' then
    local month = month_of(math.floor(now / 86400000))
    return month, first_day(month + 1) * 86400000 - now
  end
  local index = math.floor(now / length[kind])
  return index, (index + 1) * length[kind] - now
end

local function used_of(key, index)
  local stored = redis.call('HMGET', key, 'window', 'used')
  if stored[1] == false then return 0, true end
  if tonumber(stored[1]) ~= index then return 0, false end
  return tonumber(stored[2]), false
end

local function write(key, kind, index, used)
  redis.call('HSET', key, 'window', string.format('%d', index), 'used', string.format('%d', used))
  redis.call('PEXPIRE', key, 2 * length[kind])
end

local effect = KEYS[1]
local order = ARGV[1]
local remembered = tonumber(ARGV[2])
local before = redis.call('GET', effect)

if order == 'take' then
  if before then return cjson.decode(before) end
  local answer = { 1, 0 }
  local states = {}
  for i = 2, #KEYS do
    local a = 3 + (i - 2) * 9
    local kind, limit, hard = ARGV[a], tonumber(ARGV[a + 1]), ARGV[a + 2] == '1'
    local need, more, debt = tonumber(ARGV[a + 3]), tonumber(ARGV[a + 4]), tonumber(ARGV[a + 5])
    local index, left = window_at(kind)
    local used, gone = used_of(KEYS[i], index)
    if gone and tonumber(ARGV[a + 8]) == index then used = tonumber(ARGV[a + 7]) end
    if tonumber(ARGV[a + 6]) ~= index then debt = 0 end
    used = used + debt
    if hard and need > 0 and used + need > limit and answer[1] == 1 then
      answer[1] = 0
      answer[2] = i - 1
    end
    -- No more than a fiftieth of what remains; nothing but what is needed in the last tenth.
    local remaining = limit - used - need
    local lease = 0
    if hard and remaining * 10 > limit then lease = math.max(0, math.min(more, math.floor(remaining / 50))) end
    states[i] = { kind = kind, index = index, left = left, used = used, take = need + lease, debt = debt, gone = gone }
  end
  local changed = false
  for i = 2, #KEYS do
    local s = states[i]
    if answer[1] == 0 then s.take = 0 end
    s.used = s.used + s.take
    if s.take ~= 0 or s.debt ~= 0 or (s.gone and s.used > 0) then
      write(KEYS[i], s.kind, s.index, s.used)
      changed = true
    end
    for _, value in ipairs({ s.index, s.left, s.used, s.take, s.debt }) do answer[#answer + 1] = value end
  end
  -- A refusal changed nothing, so a flood of them must not fill the memory.
  if changed then redis.call('SET', effect, cjson.encode(answer), 'PX', remembered) end
  return answer
end

if order == 'adjust' then
  if before then return { 1 } end
  for i = 2, #KEYS do
    local a = 3 + (i - 2) * 4
    local index = window_at(ARGV[a])
    if tonumber(ARGV[a + 1]) == index then
      local used, gone = used_of(KEYS[i], index)
      if gone then used = tonumber(ARGV[a + 3]) end
      write(KEYS[i], ARGV[a], index, math.max(0, used + tonumber(ARGV[a + 2])))
    end
  end
  redis.call('SET', effect, '[1]', 'PX', remembered)
  return { 1 }
end

if order == 'cancel' then
  local answer = before and cjson.decode(before) or nil
  if answer and answer[1] ~= -1 then
    for i = 2, #KEYS do
      local at = 3 + (i - 2) * 5
      local index = window_at(ARGV[3 + i - 2])
      local back = answer[at + 3] + answer[at + 4]
      if answer[at] == index and back ~= 0 then
        local used = used_of(KEYS[i], index)
        write(KEYS[i], ARGV[3 + i - 2], index, math.max(0, used - back))
      end
    end
  end
  redis.call('SET', effect, '[-1,0]', 'PX', remembered)
  return { (answer and answer[1] ~= -1) and 1 or 0 }
end

return redis.error_reply('unknown order ' .. tostring(order))
