-- A web address that is too long for a window, whole on the bare screen: the terminal's own mouse can select it.
-- In: the address. Out: a tab page with nothing else, gone with `q`. Never here: a border, a number, a mouse of ours.

local M = {}

---@param url string
function M.show(url)
  local mouse, here = vim.o.mouse, vim.api.nvim_get_current_win()
  vim.cmd('tabnew')
  local buf, win = vim.api.nvim_get_current_buf(), vim.api.nvim_get_current_win()
  vim.bo[buf].buftype, vim.bo[buf].bufhidden, vim.bo[buf].swapfile = 'nofile', 'wipe', false
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, { url, '', 'Select the address with the mouse; q goes back' })
  vim.bo[buf].modifiable = false
  local bare =
    { wrap = true, number = false, relativenumber = false, signcolumn = 'no', foldcolumn = '0', list = false }
  for name, value in pairs(bare) do
    vim.wo[win][name] = value
  end
  vim.o.mouse = ''
  vim.api.nvim_create_autocmd(
    'BufWipeout',
    { buffer = buf, once = true, callback = function() vim.o.mouse = mouse end }
  )
  vim.keymap.set('n', 'q', function()
    vim.cmd('tabclose')
    if vim.api.nvim_win_is_valid(here) then
      vim.api.nvim_set_current_win(here)
    end
  end, { buffer = buf, nowait = true })
end

return M
