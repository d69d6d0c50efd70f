-- Folds of a chat: manual ones, made when a block is complete, in every window that shows the chat.
-- In: rows. Out: closed folds. Each is kept as a mark too, so that another window gets it when it opens.
-- Never here: closing what somebody stands in.

local M = {}

local namespace = vim.api.nvim_create_namespace('pi.chat.folds')

local function fold(win, first, last)
  local cursor = vim.api.nvim_win_get_cursor(win)[1]
  vim.api.nvim_win_call(win, function()
    if vim.fn.foldlevel(first + 1) > 0 then
      return
    end
    local view = vim.fn.winsaveview()
    vim.cmd(('%d,%dfold'):format(first + 1, last + 1))
    if cursor > first and cursor <= last + 1 then
      vim.cmd(('%dfoldopen'):format(first + 1))
    end
    vim.fn.winrestview(view)
  end)
end

---@param buf integer
---@param first integer Rows from 0
---@param last integer
function M.add(buf, first, last)
  if last <= first then
    return
  end
  vim.api.nvim_buf_set_extmark(buf, namespace, first, 0, { end_row = last, right_gravity = false })
  for _, win in ipairs(vim.fn.win_findbuf(buf)) do
    fold(win, first, last)
  end
end

-- All of them in a window that has just opened.
---@param buf integer
---@param win integer
function M.restore(buf, win)
  for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(buf, namespace, 0, -1, { details = true })) do
    if mark[4].end_row and mark[4].end_row > mark[2] then
      fold(win, mark[2], mark[4].end_row)
    end
  end
end

---@param buf integer
function M.forget(buf)
  vim.api.nvim_buf_clear_namespace(buf, namespace, 0, -1)
  for _, win in ipairs(vim.fn.win_findbuf(buf)) do
    vim.api.nvim_win_call(win, function() vim.cmd('silent! normal! zE') end)
  end
end

-- For `foldtext`.
---@return string
function M.text()
  local first = vim.fn.getline(vim.v.foldstart)
  return require('pi.chat.render').fold_text(first, vim.v.foldend - vim.v.foldstart + 1)
end

return M
