-- The buffer that the person works in: `@buffer` means it, and code of an answer goes there.
-- In: which buffers are entered and left; lines that were selected. Out: a buffer; lines that code replaces.
-- Never here: a chat.

local M = {}

---@class pi.Target
---@field buf integer
---@field first integer Extmarks around the lines that went along
---@field last integer

local namespace = vim.api.nvim_create_namespace('pi.chat.target')
local last_used

local function is_work(buf) return vim.api.nvim_buf_is_valid(buf) and vim.bo[buf].buftype == '' end

-- The one that was used last; nil when there was none, or it is gone.
---@return integer|nil
function M.buffer()
  local here = vim.api.nvim_get_current_buf()
  last_used = is_work(here) and here or last_used
  return last_used and is_work(last_used) and last_used or nil
end

vim.api.nvim_create_autocmd('BufLeave', {
  group = vim.api.nvim_create_augroup('pi.work', { clear = true }),
  callback = function(event) last_used = is_work(event.buf) and event.buf or last_used end,
})

-- Keep lines in view, however the buffer changes.
---@param buf integer
---@param first integer Lines, counted from 1
---@param last integer
---@return pi.Target
function M.target(buf, first, last)
  return {
    buf = buf,
    first = vim.api.nvim_buf_set_extmark(buf, namespace, first - 1, 0, { right_gravity = false }),
    last = vim.api.nvim_buf_set_extmark(buf, namespace, last - 1, 0, {}),
  }
end

-- Where they are now: rows from 0, the end exclusive; the whole buffer when there is no target in it.
---@param target pi.Target|nil
---@param buf integer
---@return integer first
---@return integer last
function M.rows(target, buf)
  if not target or target.buf ~= buf then
    return 0, vim.api.nvim_buf_line_count(buf)
  end
  local first = vim.api.nvim_buf_get_extmark_by_id(buf, namespace, target.first, {})[1]
  local last = vim.api.nvim_buf_get_extmark_by_id(buf, namespace, target.last, {})[1]
  return first, last + 1
end

return M
