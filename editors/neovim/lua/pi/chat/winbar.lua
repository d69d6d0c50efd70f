-- One line above a chat: the model, what was used, and how full its context is.
-- In: a session. Out: text for 'winbar'. Never here: a request; it shows what is known.

local format = require('pi.format')

local M = {}

-- '%' begins an item there.
local function plain(text) return (text:gsub('%%', '%%%%')) end

local function used(usage)
  local input = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens
  return input, usage.outputTokens
end

local function context_share(usage, window)
  local input, output = used(usage)
  local share = math.floor((input + output) * 100 / window + 0.5)
  return ('context %d%% of %s'):format(share, format.tokens(window))
end

-- Tokens and cost of one turn.
---@param usage pi.Usage
---@return string
function M.usage(usage)
  local input, output = used(usage)
  local text = ('%s in, %s out'):format(format.tokens(input), format.tokens(output))
  return usage.costUsd and text .. ' · ' .. format.cost(usage.costUsd) or text
end

-- As much as there is room for, the share of the context window first.
local function usage_within(session, model, room)
  local usage = session.usage
  if not usage or usage.inputTokens + usage.outputTokens == 0 then
    return ''
  end
  local short = model and model.contextWindow > 0 and context_share(usage, model.contextWindow) or M.usage(usage)
  local long = M.usage(usage) .. ' · ' .. short
  local text = model and vim.api.nvim_strwidth(long) <= room and long or short
  return vim.api.nvim_strwidth(text) <= room and text or ''
end

---@return string
function M.text()
  local win = vim.g.statusline_winid or 0
  local session = require('pi.chat').session(vim.api.nvim_win_get_buf(win))
  if not session then
    return ''
  end
  local models = require('pi.models')
  local id = models.choice() or session.model or models.current()
  local model = models.find(id)
  local name = model and model.name or id or 'no model yet'
  local busy = session.turn and '<C-c> stops' or ''
  local room = vim.api.nvim_win_get_width(win) - vim.api.nvim_strwidth(name .. busy) - 5
  local usage = usage_within(session, model, room)
  return ('%%#PiTitle# %s %%#PiBusy#%s%%*%%=%%#PiUsage#%s %%*'):format(plain(name), busy, plain(usage))
end

return M
