-- A list to pick from in a float of our own, which can be brought up to date while it is open.
-- In: items and how to write them. Out: the item picked, or nil, once. Never here: what is listed.

local float = require('pi.float')

local M = {}

---@class pi.MenuSpec
---@field title string
---@field items any[]
---@field line fun(item: any): string
---@field group? fun(item: any): string|nil Highlight of a line
---@field key fun(item: any): string What stays the same when the list is brought up to date
---@field at? string Key of the item to start on
---@field on_choice fun(item: any|nil)

---@class pi.Menu
---@field update fun(items: any[])
---@field is_open fun(): boolean

local FOOTER = '<CR> choose · / search · q leave'

local function index_of(spec, key)
  for index, item in ipairs(spec.items) do
    if spec.key(item) == key then
      return index
    end
  end
  return 1
end

local function lines_of(spec) return vim.tbl_map(spec.line, spec.items) end

local function colour(spec, window)
  for index, item in ipairs(spec.items) do
    local group = spec.group and spec.group(item)
    if group then
      window.highlight(index - 1, group)
    end
  end
end

---@param spec pi.MenuSpec
---@return pi.Menu
function M.open(spec)
  local window, over
  local function current() return spec.items[vim.api.nvim_win_get_cursor(window.win)[1]] end
  local function choose(item)
    if not over then
      over = true
      window.close()
      spec.on_choice(item)
    end
  end
  local function leave() choose(nil) end
  window = float.open({
    title = spec.title,
    lines = lines_of(spec),
    footer = FOOTER,
    on_close = leave,
    keys = {
      { 'n <CR>', function() choose(current()) end },
      { 'n q', leave },
      { 'n <Esc>', leave },
      { 'n <C-c>', leave },
    },
  })
  vim.wo[window.win].cursorline = true
  vim.wo[window.win].winhighlight = vim.wo[window.win].winhighlight .. ',CursorLine:PmenuSel'
  colour(spec, window)
  local function go_to(key) vim.api.nvim_win_set_cursor(window.win, { index_of(spec, key), 0 }) end
  go_to(spec.at)
  local function update(items)
    if over or #items == 0 then
      return
    end
    local key = spec.key(current())
    spec.items = items
    window.set(lines_of(spec))
    colour(spec, window)
    go_to(key)
  end
  return { update = update, is_open = function() return not over end }
end

-- Whether `vim.ui.select` is still Neovim's own, which cannot be brought up to date while it is open.
---@return boolean
function M.select_is_builtin()
  local source = debug.getinfo(vim.ui.select, 'S').source
  return source:match('vim/ui%.lua$') ~= nil or source:match('vim/_core/ui%.lua$') ~= nil
end

return M
