-- What Neovim reads at start: one command and `<Plug>` maps.
-- In: nothing. Out: `:Pi`, `<Plug>(Pi…)`. Never here: a `require` outside a callback, a key of its own.

if vim.g.loaded_pi then
  return
end
vim.g.loaded_pi = true

vim.api.nvim_create_user_command('Pi', function(call) require('pi.commands').run(call) end, {
  nargs = '*',
  range = true,
  bang = true,
  complete = function(...) return require('pi.commands').complete(...) end,
  desc = 'Sign in to models and chat with them',
})

for name, command in pairs({
  Chat = 'chat',
  Ask = 'ask',
  New = 'new',
  Chats = 'chats',
  Models = 'models',
  Login = 'login',
  Logout = 'logout',
  Stop = 'stop',
  Status = 'status',
}) do
  vim.keymap.set('n', ('<Plug>(Pi%s)'):format(name), ('<Cmd>Pi %s<CR>'):format(command))
end
-- The selection goes along.
vim.keymap.set('x', '<Plug>(PiChat)', ':Pi chat<CR>', { silent = true })
vim.keymap.set('x', '<Plug>(PiAsk)', ':Pi ask<CR>', { silent = true })
