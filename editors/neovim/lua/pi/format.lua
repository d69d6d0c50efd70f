-- Numbers, times and states as people read them.
-- In: values. Out: short texts. Never here: anything but `now` that looks at the world.

local M = {}

---@param count integer
---@return string
function M.tokens(count)
  if count >= 1000000 then
    return ('%.3gM'):format(count / 1000000)
  end
  return count >= 1000 and ('%.4gk'):format(count >= 10000 and math.floor(count / 1000 + 0.5) or count / 1000)
    or tostring(count)
end

---@param usd number
---@return string
function M.cost(usd) return usd > 0 and usd < 0.01 and ('$%.4f'):format(usd) or ('$%.2f'):format(usd) end

-- `1:05`, or hours too; never negative.
---@param milliseconds number
---@return string
function M.countdown(milliseconds)
  local seconds = math.max(math.floor(milliseconds / 1000 + 0.5), 0)
  return ('%d:%02d'):format(math.floor(seconds / 60), seconds % 60)
end

---@param now integer Unix milliseconds
---@param at integer
---@return string
function M.ago(now, at)
  local minutes = math.floor((now - at) / 60000)
  if minutes < 1 then
    return 'just now'
  elseif minutes < 60 then
    return ('%d min ago'):format(minutes)
  elseif minutes < 24 * 60 then
    return ('%d h ago'):format(math.floor(minutes / 60))
  end
  return ('%d days ago'):format(math.floor(minutes / (24 * 60)))
end

-- Unix milliseconds.
---@return integer
function M.now()
  local seconds, microseconds = vim.uv.gettimeofday()
  return seconds * 1000 + math.floor(microseconds / 1000)
end

-- A provider's status in a few words.
---@param status pi.ProviderStatus
---@return string
function M.status(status)
  if status.state == 'loggedOut' then
    return 'not signed in'
  elseif status.state == 'expired' then
    return 'sign-in expired'
  elseif status.state == 'error' then
    return status.problem and status.problem.message or 'not usable'
  end
  local source = status.source or ''
  if source:match('^env:') then
    return source:sub(5) .. ' from the environment'
  end
  local what = source == 'apiKey' and 'API key' or 'signed in'
  return status.account and ('%s as %s'):format(what, status.account) or what
end

return M
