-- Stops the server when Neovim leaves. In: nothing. Out: one autocommand. Never here: a wait; leaving is not held up.

local M = {}

function M.watch()
  local group = vim.api.nvim_create_augroup('pi.lifetime', { clear = true })
  vim.api.nvim_create_autocmd('VimLeavePre', {
    group = group,
    callback = function() require('pi.server').leave() end,
  })
end

return M
