-- The shared side of quotas. It does what memory/quota-store.ts does; a test holds the two together.
-- One script with two orders, so that one hash is loaded. What a node says of a counter is absolute, see quota/quota-store.ts.
--
-- KEYS[1]   string: set while the organisation's counters are whole. KEYS[2..]  counters, hashes:
--   window       where the window begins (calendar)       base      of nodes that have left, and what the ledger restored
--   restored     base came from what one node had seen
--   n:<owner>    "sequence lease leaseEnds spent undrawn drawn" or, sliding, "sequence lease leaseEnds bucket:amount,bucket:amount"
--   d:<owner>    the same, of a process of that node which died
-- sync: ARGV  "sync", owner, birth, sequence, leaseMs, counters, calls
--       for each counter  kind (c, s, l), b0, b1, b2, b3 (sliding: length, bucket), limit, burst, hard, spent or entries,
--                         lease, told, seen, more, leave, undrawn, drawn, drawn by the process before (-1: not known)
--       for each call     number of needs, then counter (from 1) and amount for each
--   answers { outcome (1 done, -1 lost, -2 early, -3 late, -4 stale), now, wait, whole,
--             for each counter start, end, others, lease; for each call granted, binding (from 1), retry }
-- restore: ARGV "restore", mark, then for each counter start, end, used
-- Time is this server's.

local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local forever = 8000000000000000

local function fields_of(key)
  local flat = redis.call('HGETALL', key)
  local fields = {}
  for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
  return fields
end

local function words(text)
  local sequence, lease, ends, spent, undrawn, drawn = string.match(text, '^(%S+) (%S+) (%S+) ?(%S*) ?(%S*) ?(%S*)$')
  return tonumber(sequence), tonumber(lease), tonumber(ends), spent, tonumber(undrawn) or 0, tonumber(drawn) or 0
end

local function whole(number) return string.format('%.0f', number) end

-- Adds the entries that still count to buckets; answers their sum.
local function add_entries(text, c, buckets)
  local sum = 0
  for bucket, amount in string.gmatch(text, '(%d+):(%d+)') do
    bucket, amount = tonumber(bucket), tonumber(amount)
    if (bucket + 2) * c.width + c.length > now then
      sum = sum + amount
      buckets[bucket] = (buckets[bucket] or 0) + amount
    end
  end
  return sum
end

local function sorted_buckets(c)
  local order = {}
  for bucket in pairs(c.buckets) do order[#order + 1] = bucket end
  table.sort(order)
  return order
end

-- What a bucket of tokens that holds `burst` and refills at the limit's pace lacks now.
local function deficit(c)
  local lacking, at = 0, 0
  for _, bucket in ipairs(sorted_buckets(c)) do
    local time = math.min((bucket + 1) * c.width, now)
    lacking = math.max(0, lacking - (time - at) * c.limit / c.length) + c.buckets[bucket]
    at = time
  end
  return math.max(0, lacking - (now - at) * c.limit / c.length)
end

local function retry_after(c, excess)
  if c.kind == 'c' then return math.min(c.stop - now, forever) end
  if c.kind == 'l' then return 1000 end
  for _, bucket in ipairs(sorted_buckets(c)) do
    excess = excess - c.buckets[bucket]
    if excess <= 0 then return math.max(1, (bucket + 2) * c.width + c.length - now) end
  end
  return math.min(c.length, 1000)
end

if ARGV[1] == 'restore' then
  for i = 2, #KEYS do
    local a = 3 + (i - 2) * 3
    local start, stop, used = tonumber(ARGV[a]), tonumber(ARGV[a + 1]), tonumber(ARGV[a + 2])
    if start <= now and now < stop then
      local fields = fields_of(KEYS[i])
      local stored = tonumber(fields.window)
      if stored == nil or stored == start then
        local said = 0
        for name, text in pairs(fields) do
          if string.sub(name, 2, 2) == ':' then
            local _, lease, _, spent = words(text)
            said = said + lease + tonumber(spent)
          end
        end
        local base = math.max(tonumber(fields.base or '0'), used - said)
        redis.call('HSET', KEYS[i], 'window', whole(start), 'base', whole(base))
        if stop < forever then redis.call('PEXPIREAT', KEYS[i], whole(stop + 3600000)) end
      end
    end
  end
  redis.call('SET', KEYS[1], ARGV[2])
  return { 1 }
end

local owner, birth, sequence, lease_ms = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local count, calls = tonumber(ARGV[6]), tonumber(ARGV[7])
local is_whole = redis.call('EXISTS', KEYS[1]) == 1
local mine = 'n:' .. owner
local grave = 'd:' .. owner
local at = 8
local counters = {}

local function nothing(outcome, wait) return { outcome, now, wait, is_whole and 1 or 0 } end

for i = 1, count do
  local c = { kind = ARGV[at], limit = tonumber(ARGV[at + 5]), burst = tonumber(ARGV[at + 6]), hard = ARGV[at + 7] == '1',
    lease = tonumber(ARGV[at + 9]), told = tonumber(ARGV[at + 10]), seen = tonumber(ARGV[at + 11]), more = tonumber(ARGV[at + 12]),
    leave = ARGV[at + 13] == '1', undrawn = tonumber(ARGV[at + 14]), drawn = tonumber(ARGV[at + 15]), died = tonumber(ARGV[at + 16]), granted = 0, extra = 0, start = 0, stop = 0, base = 0, others = 0 }
  c.fields = fields_of(KEYS[i + 1])
  c.gone = next(c.fields) == nil
  local spent = ARGV[at + 8]
  if c.kind == 'c' then
    local b0, b1, b2, b3 = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
    if now < b0 or now >= b3 then return nothing(-3, 0) end
    if now < b1 then return nothing(-2, b1 - now) end
    c.spent = tonumber(spent)
    if now >= b2 then
      c.start, c.stop, c.spent, c.lease, c.told, c.seen, c.undrawn = b2, b3, 0, 0, 0, 0, 0
    else
      c.start, c.stop = b1, b2
    end
    if not c.gone and tonumber(c.fields.window) ~= c.start then c.fields, c.turned = {}, true end
    c.base = tonumber(c.fields.base or '0')
    if c.gone and c.seen > 0 then c.base, c.fields.restored = c.seen, '1' end
  elseif c.kind == 's' then
    c.length, c.width, c.buckets, c.entries = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), {}, spent
    c.spent = add_entries(spent, c, c.buckets)
  else
    c.spent = tonumber(spent)
  end
  local before = c.fields[mine]
  if before then
    local said, lease, ends, text, undrawn, drawn = words(before)
    if said >= sequence then return nothing(-4, said) end
    if said < birth then
      -- A process of this node died: what it had spent, and what it held and may have spent, stays. What it had not drawn of its
      -- lease by what its disk says it cannot have spent.
      c.fields[mine] = nil
      c.buried = mine
      if c.kind == 'c' then
        local _, old_lease, _, old = words(c.fields[grave] or '0 0 0 0')
        if c.died >= 0 then lease = lease - math.max(0, math.min(lease, undrawn - math.max(0, c.died - drawn))) end
        c.fields[grave] = '0 ' .. whole(old_lease + lease) .. ' 0 ' .. whole(tonumber(old) + tonumber(text))
      elseif c.kind == 's' then
        local _, _, _, old = words(c.fields[grave] or '0 0 0 ')
        local held = lease > 0 and (whole(math.floor(ends / c.width)) .. ':' .. whole(lease)) or ''
        c.fields[grave] = '0 0 0 ' .. table.concat({ old, text, held }, ',')
      end
    end
  elseif c.fields.restored == '1' and c.told > 0 and not c.gone then
    c.base = math.max(0, c.base - c.told)
  end
  for name, text in pairs(c.fields) do
    if name ~= mine and string.sub(name, 2, 2) == ':' then
      local _, lease, ends, said = words(text)
      if c.kind == 'c' then
        c.others = c.others + lease + tonumber(said)
      elseif c.kind == 's' then
        local alive = add_entries(said, c, c.buckets)
        if lease > 0 and ends + c.length > now then alive = alive + lease end
        c.others = c.others + alive
        if alive == 0 then c.spoken = c.spoken or {}; c.spoken[#c.spoken + 1] = name end
      elseif ends > now then
        c.others = c.others + lease + tonumber(said)
      end
    end
  end
  c.others = c.others + c.base
  c.used = c.others + c.spent + c.lease
  counters[i] = c
  at = at + 17
end

local answers = {}
local ask_ledger = false
for call = 1, calls do
  local needs = tonumber(ARGV[at])
  local binding, retry = 0, 0
  for need = 1, needs do
    local c, amount = counters[tonumber(ARGV[at + need * 2 - 1])], tonumber(ARGV[at + need * 2])
    if c.hard and amount > 0 then
      if c.kind == 'c' and c.gone and not is_whole and c.seen == 0 and c.told == 0 then ask_ledger = true end
      local wait = 0
      if c.used + amount > c.limit then wait = retry_after(c, c.used + amount - c.limit) end
      if c.burst > 0 then
        local lacking = deficit(c) + c.lease + amount - c.burst
        if lacking > 0 then wait = math.max(wait, math.ceil(lacking * c.length / c.limit)) end
      end
      if wait > 0 and wait >= retry then binding, retry = tonumber(ARGV[at + need * 2 - 1]), wait end
    end
  end
  if binding == 0 then
    for need = 1, needs do
      local c, amount = counters[tonumber(ARGV[at + need * 2 - 1])], tonumber(ARGV[at + need * 2])
      c.used = c.used + amount
      c.granted = c.granted + amount
      if c.kind == 's' and amount > 0 then
        local bucket = math.floor(now / c.width)
        c.buckets[bucket] = (c.buckets[bucket] or 0) + amount
      end
    end
  end
  answers[call] = { binding == 0 and 1 or 0, binding, retry }
  at = at + 1 + needs * 2
end
if ask_ledger then return nothing(-1, 0) end

local answer = { 1, now, 0, is_whole and 1 or 0 }
for i = 1, count do
  local c, key = counters[i], KEYS[i + 1]
  local remaining = c.limit - c.used
  if c.hard and c.more > 0 and remaining * 10 > c.limit then
    c.extra = math.max(0, math.min(c.more, math.floor(remaining / 50)))
    if c.burst > 0 then c.extra = math.max(0, math.min(c.extra, math.floor((c.burst - deficit(c) - c.lease) / 50))) end
  end
  local spent, lease = c.spent + c.granted, c.lease + c.extra
  if c.turned then redis.call('DEL', key) end
  if c.buried then
    redis.call('HDEL', key, mine)
    if c.fields[grave] then redis.call('HSET', key, grave, c.fields[grave]) end
  end
  if c.kind == 's' and c.granted > 0 then
    c.entries = c.entries .. (c.entries == '' and '' or ',') .. whole(math.floor(now / c.width)) .. ':' .. whole(c.granted)
  end
  for _, name in ipairs(c.spoken or {}) do redis.call('HDEL', key, name) end
  if c.leave then
    redis.call('HDEL', key, mine)
    if c.kind == 'c' then c.base = c.base + spent + lease end
    if c.kind == 's' and spent > 0 then
      local _, _, _, old = words(c.fields[grave] or '0 0 0 ')
      redis.call('HSET', key, grave, '0 0 0 ' .. old .. ',' .. c.entries)
    end
  elseif spent > 0 or lease > 0 then
    redis.call('HSET', key, mine, table.concat({ whole(sequence), whole(lease), whole(now + lease_ms), c.kind == 's' and c.entries or whole(spent), c.kind == 'c' and whole(c.undrawn + c.extra) .. ' ' .. whole(c.drawn) or nil }, ' '))
  else
    redis.call('HDEL', key, mine)
  end
  if c.kind == 'c' then
    if spent > 0 or lease > 0 or c.base > 0 or not (c.gone or c.turned) then
      redis.call('HSET', key, 'window', whole(c.start), 'base', whole(c.base))
      if c.fields.restored then redis.call('HSET', key, 'restored', '1') end
      if c.stop < forever then redis.call('PEXPIREAT', key, whole(c.stop + 3600000)) end
    end
  else
    redis.call('PEXPIRE', key, whole(2 * (c.length or 0) + 2 * lease_ms))
  end
  for _, value in ipairs({ c.start, c.stop, c.others, c.extra }) do answer[#answer + 1] = value end
end
for call = 1, calls do for _, value in ipairs(answers[call]) do answer[#answer + 1] = value end end
return answer
