-- The person's browser and clipboard. In: text. Out: whether it went there. Never here: an error thrown, a wait.

local M = {}

-- `vim.ui.open` tells what it could not do by a second value, in some versions by an error.
---@param url string
---@return boolean
function M.open(url)
  local called, process, problem = pcall(vim.ui.open, url)
  return called and process ~= nil and problem == nil
end

-- Whether text can leave Neovim: by a clipboard tool, or through the terminal, which reaches over SSH.
---@param text string
---@return string|nil how "the clipboard", "the terminal's clipboard", or nil
function M.copy(text)
  vim.fn.setreg('"', text)
  if vim.fn.has('clipboard') == 1 and pcall(vim.fn.setreg, '+', text) then
    return 'the clipboard'
  end
  local found, osc52 = pcall(require, 'vim.ui.clipboard.osc52')
  if found and #vim.api.nvim_list_uis() > 0 then
    osc52.copy('+')(vim.split(text, '\n', { plain = true }))
    return "the terminal's clipboard, if it allows that"
  end
end

return M
