/**
 * One packed value per account: `r` and `t`, the slots of the minute's requests and tokens (second, last time, amount);
 * `open`, the calls that run (lease's end, seconds of their slots, tokens held, month, tokens and money held for it); `month`,
 * `spent` and `usd`, the month's tokens and money; `m`, slots of what the last minute's calls may have cost. All accounts of
 * a call carry their member's id as hash tag, so they lie on one node of a cluster. The clock is the server's.
 */
const COMMON = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local MINUTE, KEPT = 60000, 600000

local function used(slots)
  while slots[1] and slots[1][2] + MINUTE <= now do table.remove(slots, 1) end
  local sum = 0
  for _, slot in ipairs(slots) do sum = sum + slot[3] end
  return sum
end

local function add(slots, amount)
  local second, last = math.floor(now / 1000), slots[#slots]
  if not last or last[1] ~= second then
    last = { second, now, 0 }
    slots[#slots + 1] = last
  end
  last[2] = now
  last[3] = last[3] + amount
  return second
end

local function back(slots, second, amount)
  for _, slot in ipairs(slots) do
    if slot[1] == second then slot[3] = slot[3] - math.min(amount, slot[3]) end
  end
end

local function emptyAfter(slots)
  for i = #slots, 1, -1 do
    if slots[i][3] > 0 then return math.max(0, slots[i][2] + MINUTE - now) end
  end
  return 0
end

local function roomAfter(slots, amount, limit)
  local excess = used(slots) + amount - limit
  if excess <= 0 then return 0 end
  for _, slot in ipairs(slots) do
    excess = excess - slot[3]
    if excess <= 0 then return slot[2] + MINUTE - now end
  end
  return MINUTE
end

local function load(key)
  local packed = redis.call('GET', key)
  local book = packed and cmsgpack.unpack(packed) or { r = {}, t = {}, open = {}, month = '', spent = -1 }
  book.m, book.usd = book.m or {}, book.usd or -1
  for id, call in pairs(book.open) do
    if call[1] <= now then book.open[id] = nil end
  end
  return book
end

local function save(key, book)
  redis.call('SET', key, cmsgpack.pack(book), 'PX', KEPT)
end
`;

/** KEYS: accounts. ARGV: id, month, tokens, lease in ms, money, and per account rpm, tpm, concurrency, monthly tokens, monthly money (-1: none). */
export const TAKE = `${COMMON}
local id, month, tokens, lease, usd = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local books, limits, unknown = {}, {}, {}
for i, key in ipairs(KEYS) do
  local book = load(key)
  if book.month ~= month then
    book.month = month
    book.spent = -1
    book.usd = -1
  end
  books[i] = book
  limits[i] = {}
  for j = 1, 5 do limits[i][j] = tonumber(ARGV[5 * i + j]) end
  if limits[i][4] >= 0 and book.spent < 0 or limits[i][5] >= 0 and book.usd < 0 then unknown[#unknown + 1] = i end
end
if #unknown > 0 then return cjson.encode({ is = 'unknown', unknown = unknown }) end

local worst
local function stand(i, name, after)
  if after > 0 and (not worst or after > worst.after) then worst = { account = i, limit = name, after = after } end
end
for i, book in ipairs(books) do
  local rpm, tpm, concurrency, budget, money = unpack(limits[i])
  local running, held, heldUsd = 0, 0, 0
  for _, call in pairs(book.open) do
    running = running + 1
    if call[5] == month then held, heldUsd = held + call[6], heldUsd + (call[7] or 0) end
  end
  if budget >= 0 and book.spent + held >= budget then stand(i, 'monthlyTokens', math.huge) end
  if money >= 0 and book.usd + heldUsd + used(book.m) >= money then stand(i, 'monthlyMicroUsd', math.huge) end
  if rpm >= 0 then stand(i, 'rpm', roomAfter(book.r, 1, rpm)) end
  if tpm >= 0 then stand(i, 'tpm', roomAfter(book.t, math.min(tokens, tpm), tpm)) end
  if concurrency >= 0 and running >= concurrency then stand(i, 'concurrency', 1000) end
end
local function tightest(column, name)
  local least
  for i, book in ipairs(books) do
    local limit = limits[i][column]
    if limit >= 0 then
      local remaining = math.max(0, limit - used(book[name]))
      if not least or remaining < least.remaining then
        least = { limit = limit, remaining = remaining, resetMs = emptyAfter(book[name]) }
      end
    end
  end
  return least
end
if not worst then
  for i, book in ipairs(books) do
    local rpm, tpm = limits[i][1], limits[i][2]
    local call = { now + lease, -1, -1, 0, month, limits[i][4] >= 0 and tokens or 0, limits[i][5] >= 0 and usd or 0 }
    if rpm >= 0 then call[2] = add(book.r, 1) end
    if tpm >= 0 then
      call[4] = math.min(tokens, tpm)
      call[3] = add(book.t, call[4])
    end
    book.open[id] = call
    save(KEYS[i], book)
  end
end
local answer = { is = worst and 'refused' or 'taken', requests = tightest(1, 'r'), tokens = tightest(2, 't') }
if worst then
  answer.account, answer.limit = worst.account, worst.limit
  if worst.after < math.huge then answer.after = worst.after end
end
return cjson.encode(answer)
`;

/** KEYS: accounts. ARGV: id, tokens for the minute, tokens for the month, money; -1 and -1 where the call is to be as if it had never been. */
export const END = `${COMMON}
local id, minute, month, usd = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
for _, key in ipairs(KEYS) do
  local book = load(key)
  local call = book.open[id]
  if call then
    book.open[id] = nil
    if minute < 0 and call[2] >= 0 then back(book.r, call[2], 1) end
    if call[3] >= 0 then
      local rest = call[4] - math.max(0, minute)
      if rest > 0 then back(book.t, call[3], rest) elseif rest < 0 then add(book.t, -rest) end
    end
    if call[5] == book.month and book.spent >= 0 then book.spent = book.spent + math.max(0, month) end
    if call[5] == book.month and book.usd >= 0 and usd > 0 then
      used(book.m)
      add(book.m, usd)
    end
    save(key, book)
  end
end
return 1
`;

/** KEYS: one account. ARGV: month, tokens spent in it at least, money shared out in it (-1: not asked for). */
export const SEED = `${COMMON}
local book = load(KEYS[1])
if book.month < ARGV[1] then
  book.month = ARGV[1]
  book.spent = -1
  book.usd = -1
end
if book.month == ARGV[1] then
  book.spent = math.max(book.spent, tonumber(ARGV[2]))
  if tonumber(ARGV[3]) >= 0 then book.usd = tonumber(ARGV[3]) end
end
save(KEYS[1], book)
return 1
`;

/** KEYS: accounts. ARGV: month. How each stands; nothing is written. */
export const STAND = `${COMMON}
local standings = {}
for i, key in ipairs(KEYS) do
  local book = load(key)
  local running = 0
  for _ in pairs(book.open) do running = running + 1 end
  standings[i] = {
    requests = used(book.r), requestsResetMs = emptyAfter(book.r),
    tokens = used(book.t), tokensResetMs = emptyAfter(book.t),
    inFlight = running,
    monthTokens = book.month == ARGV[1] and book.spent >= 0 and book.spent or cjson.null,
  }
end
return cjson.encode(standings)
`;

/** KEYS: accounts of one member. ARGV: lease in ms, ids. The calls go on: their leases too. */
export const RENEW = `${COMMON}
for _, key in ipairs(KEYS) do
  local book = load(key)
  for i = 2, #ARGV do
    local call = book.open[ARGV[i]]
    if call then call[1] = now + tonumber(ARGV[1]) end
  end
  save(key, book)
end
return 1
`;
