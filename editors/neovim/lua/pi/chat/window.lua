-- Where a chat is shown, and how its windows and its buffer look.
-- In: a buffer, a layout. Out: a window. Never here: what is in the buffer.

local config = require('pi.config')

local M = {}

local function float()
  local size = math.max(config.get().size, 0.6)
  local width, height = math.floor(vim.o.columns * size), math.floor((vim.o.lines - 4) * 0.85)
  return {
    relative = 'editor',
    width = width,
    height = height,
    row = math.floor((vim.o.lines - height - 3) / 2),
    col = math.floor((vim.o.columns - width - 2) / 2),
    border = 'rounded',
    title = ' pi ',
    title_pos = 'center',
  }
end

---@type table<string, fun(buf: integer): integer>
local layouts = {
  vsplit = function(buf)
    local right = vim.o.splitright and 'right' or 'left'
    local width = math.floor(vim.o.columns * config.get().size)
    return vim.api.nvim_open_win(buf, true, { split = right, width = width })
  end,
  split = function(buf)
    local below = vim.o.splitbelow and 'below' or 'above'
    local height = math.floor(vim.o.lines * config.get().size)
    return vim.api.nvim_open_win(buf, true, { split = below, height = height })
  end,
  float = function(buf) return vim.api.nvim_open_win(buf, true, float()) end,
  tab = function(buf)
    vim.cmd('tab split')
    vim.api.nvim_win_set_buf(0, buf)
    return vim.api.nvim_get_current_win()
  end,
}

local looks = {
  wrap = true,
  linebreak = true,
  breakindent = true,
  number = false,
  relativenumber = false,
  signcolumn = 'no',
  foldcolumn = '0',
  foldmethod = 'manual',
  foldenable = true,
  smoothscroll = true,
  spell = false,
  fillchars = 'fold: ,eob: ',
  list = false,
  foldtext = [[v:lua.require'pi.chat.folds'.text()]],
  winbar = [[%{%v:lua.require'pi.chat.winbar'.text()%}]],
}

-- Windows are dressed when they come to show a chat, however that came about.
---@param buf integer
function M.dress(buf)
  for _, win in ipairs(vim.fn.win_findbuf(buf)) do
    if vim.w[win].pi_dressed ~= buf then
      vim.w[win].pi_dressed = buf
      for name, value in pairs(looks) do
        vim.api.nvim_set_option_value(name, value, { win = win, scope = 'local' })
      end
      require('pi.chat.folds').restore(buf, win)
    end
  end
end

-- Markdown in colours, by tree-sitter where its parsers are, but without what other plugins hang on that file type.
local function colour(buf)
  if not pcall(vim.treesitter.start, buf, 'markdown') then
    vim.bo[buf].syntax = 'markdown'
  end
end

---@param number integer
---@return integer buf
function M.buffer(number)
  local buf = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_name(buf, ('pi://chat/%d'):format(number))
  vim.bo[buf].buftype = 'nofile'
  vim.bo[buf].bufhidden = 'hide'
  vim.bo[buf].swapfile = false
  vim.bo[buf].filetype = 'pi-chat'
  vim.bo[buf].completefunc = [[v:lua.require'pi.chat.context'.complete]]
  colour(buf)
  vim.api.nvim_create_autocmd('BufWinEnter', { buffer = buf, callback = function() M.dress(buf) end })
  return buf
end

-- Go to the window that shows it on this tab page, or open one.
---@param buf integer
---@return integer win
function M.show(buf)
  local win = vim.fn.bufwinid(buf)
  if win == -1 then
    win = layouts[config.get().layout](buf)
  end
  vim.api.nvim_set_current_win(win)
  M.dress(buf)
  return win
end

return M
