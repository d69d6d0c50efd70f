-- A bordered window in the middle of the screen, with keys of its own.
-- In: lines, a title, a footer, keys. Out: a handle that can be redrawn and closed.
-- Never here: what the lines mean; more than the screen has, so at 80x24 too.

local M = {}

---@class pi.FloatKey
---@field [1] string Mode and key, such as "n q"
---@field [2] fun()

---@class pi.FloatSpec
---@field title string
---@field lines string[]
---@field footer? string
---@field width? integer Columns at most; default: what the longest line needs
---@field height? integer Rows at most; default: what the lines need
---@field offset? integer Rows below where it would stand alone
---@field place? fun(): table Where it stands instead: `row`, `col`, `width`, `height`
---@field enter? boolean
---@field keys? pi.FloatKey[]
---@field filetype? string
---@field on_close? fun() Called once, however it was closed

---@class pi.Float
---@field win integer
---@field buf integer
---@field set fun(lines: string[])
---@field highlight fun(row: integer, group: string)
---@field close fun()
---@field is_open fun(): boolean

local MARGIN = 4
local namespace = vim.api.nvim_create_namespace('pi.float')

local function widest(lines)
  local width = 0
  for _, line in ipairs(lines) do
    width = math.max(width, vim.api.nvim_strwidth(line))
  end
  return width
end

-- Where a window of this size stands.
---@param spec pi.FloatSpec
local function geometry(spec)
  if spec.place then
    return vim.tbl_extend('error', { relative = 'editor' }, spec.place())
  end
  local room = vim.o.columns - MARGIN
  local needed = math.max(widest(spec.lines), widest({ spec.title, spec.footer or '' }) + 2)
  local width = math.max(math.min(needed, spec.width or room, room), 20)
  local height = math.max(math.min(#spec.lines, spec.height or 100, vim.o.lines - 5), 1)
  local row = math.floor((vim.o.lines - height - 3) / 2) + (spec.offset or 0)
  return {
    relative = 'editor',
    width = width,
    height = height,
    row = math.max(row, 0),
    col = math.floor((vim.o.columns - width - 2) / 2),
  }
end

local function window_options(spec)
  return vim.tbl_extend('error', geometry(spec), {
    style = 'minimal',
    border = 'rounded',
    title = ' ' .. spec.title .. ' ',
    title_pos = 'center',
    footer = spec.footer and (' ' .. spec.footer .. ' ') or nil,
    footer_pos = spec.footer and 'center' or nil,
    zindex = 60,
  })
end

-- Sentences in lines of at most so many columns; words are kept whole.
---@param text string
---@param width integer
---@return string[]
function M.wrapped(text, width)
  local lines = { '' }
  for word in text:gmatch('%S+') do
    local longer = vim.trim(lines[#lines] .. ' ' .. word)
    if vim.api.nvim_strwidth(longer) <= width or lines[#lines] == '' then
      lines[#lines] = longer
    else
      lines[#lines + 1] = word
    end
  end
  return lines
end

local function scratch(filetype)
  local buf = vim.api.nvim_create_buf(false, true)
  vim.bo[buf].bufhidden = 'wipe'
  vim.bo[buf].swapfile = false
  if filetype then
    vim.bo[buf].filetype = filetype
  end
  return buf
end

---@param buf integer
---@param lines string[]
local function put(buf, lines)
  local single = vim.tbl_map(function(line) return (line:gsub('[\r\n]', ' ')) end, lines)
  vim.bo[buf].modifiable = true
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, single)
  vim.bo[buf].modifiable = false
end

-- Map `"n q"`-like keys in a buffer.
---@param buf integer
---@param keys pi.FloatKey[]
function M.map(buf, keys)
  for _, key in ipairs(keys) do
    local mode, lhs = key[1]:match('^(%a) (.+)$')
    vim.keymap.set(mode, lhs, key[2], { buffer = buf, nowait = true })
  end
end

-- Tell once that the window has gone, and follow the screen's size while it stands.
local function watch(float, spec)
  local group = vim.api.nvim_create_augroup('pi.float.' .. float.win, { clear = true })
  vim.api.nvim_create_autocmd('WinClosed', {
    group = group,
    pattern = tostring(float.win),
    callback = function()
      vim.api.nvim_del_augroup_by_id(group)
      if spec.on_close then
        vim.schedule(spec.on_close)
      end
    end,
  })
  vim.api.nvim_create_autocmd('VimResized', {
    group = group,
    callback = function() vim.api.nvim_win_set_config(float.win, geometry(spec)) end,
  })
end

---@param spec pi.FloatSpec
---@return pi.Float
function M.open(spec)
  local buf = scratch(spec.filetype)
  put(buf, spec.lines)
  local win = vim.api.nvim_open_win(buf, spec.enter ~= false, window_options(spec))
  vim.wo[win].wrap = false
  vim.wo[win].list = true
  vim.wo[win].listchars = 'extends:…'
  vim.wo[win].winhighlight = 'FloatTitle:PiTitle,FloatFooter:PiFooter,NonText:PiHint,Conceal:PiCode'
  local float = { win = win, buf = buf }
  function float.is_open() return vim.api.nvim_win_is_valid(win) end
  function float.close()
    if float.is_open() then
      vim.api.nvim_win_close(win, true)
    end
  end
  function float.set(lines)
    if float.is_open() then
      spec.lines = lines
      put(buf, lines)
      vim.api.nvim_win_set_config(win, geometry(spec))
    end
  end
  function float.highlight(row, group)
    vim.api.nvim_buf_set_extmark(buf, namespace, row, 0, { line_hl_group = group })
  end
  M.map(buf, spec.keys or {})
  watch(float, spec)
  return float
end

return M
